import { readFile, stat } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { LineCounter, parseDocument } from 'yaml';
import { FeaturesealError } from '../error.ts';
import { isObject, ownMember } from '../feature/guard.ts';
import type { Clock } from '../port/clock.ts';
import { escapeControls } from '../runtime/escape.ts';
import type { Connection, Endpoint } from './endpoint.ts';
import { refreshed } from './refreshed.ts';
import { codeOf, messageOf, nameOf } from './thrown.ts';

/** One reading of the files: kept while they do not change, because it remembers what exec plugins answered. */
interface Loaded {
  readonly config: KubeConfig;
  readonly stamp: string;
  /** `tokenFile` by user; the library knows only inline tokens. */
  readonly tokenFiles: ReadonlyMap<string, string>;
}

/**
 * A kubeconfig, merged from several files as kubectl does: the first one that says something wins, missing ones are
 * left out as long as one is there. Exec plugins, OIDC and certificates are the library's.
 *
 * @throws FeaturesealError config-invalid
 */
export async function kubeconfigConnection(files: readonly string[], clock: Clock): Promise<Connection> {
  const where = files.join(', ');
  let loaded = await load(files);
  let fresh = false;
  const endpoint = refreshed(async () => {
    if (!fresh || (await stampOf(files)) !== loaded.stamp) loaded = await load(files);
    fresh = true;
    return endpointOf(loaded, where);
  }, clock);
  await endpoint.read();
  return {
    source: `kubeconfig ${where}, context ${escapeControls(loaded.config.currentContext)}`,
    current: () => endpoint.read(),
    renew: () => {
      // A new reading: an exec plugin is asked again, although its last answer has not ended by itself.
      fresh = false;
      endpoint.expire();
    },
  };
}

async function load(files: readonly string[]): Promise<Loaded> {
  const stamp = await stampOf(files);
  const merged = new KubeConfig();
  const tokenFiles = new Map<string, string>();
  for (const file of files) {
    const text = await readIfThere(file, files.length === 1);
    if (text === undefined) continue;
    for (const [user, tokenFile] of tokenFilesOf(text, file)) {
      if (!tokenFiles.has(user)) tokenFiles.set(user, tokenFile);
    }
    try {
      mergeInto(merged, parsed(text, file));
    } catch (thrown) {
      throw invalid(`${file} is not a kubeconfig${reasonOf(thrown)}`);
    }
  }
  if (merged.contexts.length === 0) throw invalid(`${files.join(', ')}: there is no context in it`);
  return { config: merged, stamp, tokenFiles };
}

function parsed(text: string, file: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(text);
  config.makePathsAbsolute(dirname(resolve(file)));
  return config;
}

function mergeInto(merged: KubeConfig, config: KubeConfig): void {
  for (const cluster of config.clusters)
    if (merged.getCluster(cluster.name) === null) merged.addCluster(cluster);
  for (const user of config.users) if (merged.getUser(user.name) === null) merged.addUser(user);
  for (const context of config.contexts) {
    if (!merged.contexts.some(({ name }) => name === context.name)) merged.addContext(context);
  }
  merged.currentContext ||= config.currentContext;
}

function tokenFilesOf(text: string, file: string): [user: string, tokenFile: string][] {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [fault] = document.errors;
  if (fault !== undefined)
    throw invalid(`${file}, line ${lineCounter.linePos(fault.pos[0]).line}: is not YAML`);
  const config: unknown = document.toJS();
  const users = isObject(config) ? ownMember(config, 'users') : undefined;
  if (!Array.isArray(users)) return [];
  return users.flatMap((entry: unknown): [string, string][] => {
    if (!isObject(entry)) return [];
    const [name, user] = [ownMember(entry, 'name'), ownMember(entry, 'user')];
    const tokenFile = isObject(user) ? ownMember(user, 'tokenFile') : undefined;
    if (typeof name !== 'string' || typeof tokenFile !== 'string') return [];
    return [[name, resolve(dirname(file), tokenFile)]];
  });
}

async function endpointOf({ config, tokenFiles }: Loaded, where: string): Promise<Endpoint> {
  const context = escapeControls(config.currentContext);
  if (context === '')
    throw invalid(`${where}: there is no current-context; choose one with kubectl config use-context`);
  const [cluster, user] = [config.getCurrentCluster(), config.getCurrentUser()];
  if (cluster === null || user === null) {
    throw invalid(`${where}: context ${context} does not exist, or its cluster or user does not`);
  }
  if (cluster.proxyUrl !== undefined)
    throw invalid(`${where}: proxy-url of context ${context} is not supported`);
  const url = URL.parse(cluster.server);
  if (url?.protocol !== 'https:')
    throw invalid(`${where}: the server of context ${context} must be an https:// URL`);

  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (thrown) {
    throw invalid(`${where}: the credentials of context ${context} cannot be had${reasonOf(thrown)}`);
  }
  const tokenFile = tokenFiles.get(user.name);
  const token = tokenFile === undefined ? undefined : (await readIfThere(tokenFile, true))?.trim();
  return {
    origin: url.origin,
    prefix: url.pathname.replace(/\/$/, ''),
    tls: tlsOf(options),
    headers: { ...headersOf(options), ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
  };
}

function tlsOf({
  ca,
  cert,
  key,
  pfx,
  passphrase,
  servername,
  rejectUnauthorized,
}: RequestOptions): Endpoint['tls'] {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(pfx === undefined ? {} : { pfx }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(servername === undefined ? {} : { servername }),
    rejectUnauthorized: rejectUnauthorized !== false,
  };
}

function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const entries = Object.entries(headers ?? {}).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    String(value),
  ]);
  const basic =
    typeof auth === 'string' ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {};
  return { ...basic, ...Object.fromEntries(entries) };
}

async function readIfThere(file: string, required: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    if (!required && codeOf(thrown) === 'ENOENT') return undefined;
    throw invalid(`${file} cannot be read (${codeOf(thrown)})`);
  }
}

/** Changes when one of the files is replaced or written. */
async function stampOf(files: readonly string[]): Promise<string> {
  const stamps = files.map((file) =>
    stat(file).then(
      ({ ino, mtimeMs, size }) => `${ino} ${mtimeMs} ${size}`,
      () => 'missing',
    ),
  );
  return (await Promise.all(stamps)).join('\n');
}

const parserErrors = new Set(['SyntaxError', 'YAMLException']);

/** Why, where that can be said: parsers quote what they could not read, and that may be a token. */
function reasonOf(thrown: unknown): string {
  if (parserErrors.has(nameOf(thrown))) return '';
  return `: ${escapeControls(messageOf(thrown).trim().slice(0, 300))}`;
}

/** Without a cause: logs follow causes, and those of parsers quote the file. */
function invalid(message: string): FeaturesealError {
  return new FeaturesealError({ code: 'config-invalid', message });
}
