import { rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { asFeaturesealError, FeaturesealError } from '../error.ts';
import { quote } from '../feature/guard.ts';
import { DevelopmentIdentity, type ServedIdentity } from '../identity/development-identity.ts';
import { keyTypes, type KeyType } from '../identity/key-type.ts';
import { createLog } from '../runtime/log.ts';
import { parseSpiffeId } from '../spiffe/spiffe-id.ts';
import type { CliContext } from './context.ts';
import { durationFlag } from './duration-flag.ts';
import { authorityCommand, nodePluginCommand } from './identity-cluster.ts';
import { printJson } from './output.ts';
import { pemBlocks } from '../spiffe/pem.ts';

interface Options {
  readonly socketDir: string;
  readonly id: readonly string[];
  readonly trustDomain?: string;
  readonly ttl: number;
  readonly keyType: KeyType;
  readonly bundle?: string;
  readonly output: 'shell' | 'json';
}

/** One `--id`: which identity, at which socket. */
interface Wanted {
  readonly name: string;
  readonly spiffeId: string;
}

const notForProduction =
  'featureseal: the development identity is not for production: whoever reaches a socket has its identity\n';

/** SVIDs that live shorter are mostly clock skew. */
const shortestTtlMs = 10_000;
const longestTtlMs = 7 * 86_400_000;
const defaultTtlMs = 3_600_000;

/** On this host without a word more, in a cluster by its two processes. */
export function identityCommand(context: CliContext): Command {
  return new Command('identity')
    .description(
      'SPIFFE identities for trying and developing. Not for production. Without a command it is `serve`.',
    )
    .addCommand(serveCommand(context), { isDefault: true })
    .addCommand(authorityCommand(context))
    .addCommand(nodePluginCommand(context));
}

function serveCommand(context: CliContext): Command {
  return new Command('serve')
    .description('Serves identities at sockets of this host, until stopped.')
    .requiredOption('--socket-dir <folder>', 'where the sockets go, one for each identity')
    .requiredOption('--id <[name=]spiffe-id...>', 'an identity to serve, at <folder>/<name>.sock; repeatable')
    .option('--trust-domain <name>', 'of all identities (default: that of the first)')
    .addOption(
      new Option('--ttl <duration>', 'life of an SVID, 10s to 7d; it rotates at half of it')
        .argParser(ttl)
        .default(defaultTtlMs, '1h'),
    )
    .addOption(new Option('--key-type <type>', 'kind of the keys').choices([...keyTypes]).default('ec-p256'))
    .option('--bundle <file>', 'write the trust bundle (PEM) to this file, and again when it changes')
    .addOption(
      new Option('-o, --output <format>', 'form of the output').choices(['shell', 'json']).default('shell'),
    )
    .action((options: Options) => runIdentity(options, context));
}

async function runIdentity(options: Options, context: CliContext): Promise<void> {
  const { clock, crypto, err, signal } = context;
  const { keyType } = options;
  const wanted = options.id.map(parseWanted);
  const trustDomain = options.trustDomain ?? parseSpiffeId(wanted[0]?.spiffeId ?? '').trustDomain;
  err(notForProduction);
  const log = createLog({ level: 'info', stream: { write: err } });
  const identity = await DevelopmentIdentity.create({
    trustDomain,
    svidTtlMs: options.ttl,
    clock,
    crypto,
    log,
    directory: resolve(options.socketDir),
    keyType,
    onBundlesChanged: () => {
      writeBundle(options.bundle, identity).catch((error: unknown) => log.error('no bundle file', { error }));
    },
  });
  try {
    await writeBundle(options.bundle, identity);
    const served: (ServedIdentity & Wanted)[] = [];
    for (const { name, spiffeId } of wanted) served.push({ name, ...(await identity.serve(spiffeId, name)) });
    tell(served, options, context);
    await aborted(signal);
  } finally {
    await identity.close();
  }
}

function tell(served: readonly (ServedIdentity & Wanted)[], { output }: Options, context: CliContext): void {
  if (output === 'json') {
    return printJson(context, {
      sockets: served.map(({ name, spiffeId, address }) => ({ name, spiffeId, address })),
    });
  }
  for (const { spiffeId, address } of served) {
    context.out(`export SPIFFE_ENDPOINT_SOCKET='${address}'  # ${spiffeId}\n`);
  }
}

/** `NAME=spiffe://...` or the ID alone. */
function parseWanted(text: string, index: number): Wanted {
  const [, name = `workload-${index + 1}`, spiffeId = ''] =
    /^(?:([A-Za-z0-9][A-Za-z0-9._-]*)=)?(.*)$/.exec(text) ?? [];
  try {
    parseSpiffeId(spiffeId);
  } catch (thrown) {
    if (!(thrown instanceof FeaturesealError)) throw thrown;
    throw new FeaturesealError({ code: 'usage', message: `--id ${quote(text)}: ${thrown.message}` });
  }
  return { name, spiffeId };
}

function ttl(text: string): number {
  const ms = durationFlag(text);
  if (ms >= shortestTtlMs && ms <= longestTtlMs) return ms;
  throw new FeaturesealError({ code: 'usage', message: `--ttl ${text} is not between 10s and 7d` });
}

/** By rename, so that no reader sees half of it. */
async function writeBundle(file: string | undefined, identity: DevelopmentIdentity): Promise<void> {
  if (file === undefined) return;
  const text = [...identity.bundles().values()].map((roots) => pemBlocks('CERTIFICATE', roots)).join('');
  try {
    await writeFile(`${file}.new`, text, { mode: 0o644 });
    await rename(`${file}.new`, file);
  } catch (thrown) {
    throw asFeaturesealError(thrown, 'file-unwritable', `the bundle cannot be written to ${file}`);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}
