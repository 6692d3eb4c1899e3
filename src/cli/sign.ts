import { Command, Option } from 'commander';
import { parse as parseYamlText } from 'yaml';
import { FeaturesealError } from '../error.ts';
import { signNodeFeature, type SignOptions } from '../seal/sign.ts';
import { WorkloadApiClient } from '../spiffe/workload-api/client.ts';
import { workloadApiAddress } from '../spiffe/workload-api/endpoint.ts';
import { pickSvid } from '../spiffe/workload-api/pick.ts';
import type { CliContext } from './context.ts';
import { readText } from './files.ts';
import { parseMoment } from './moment.ts';
import { printJson, printYaml } from './output.ts';

interface Flags {
  readonly svid?: string;
  readonly key?: string;
  readonly socket?: string;
  readonly id?: string;
  readonly hint?: string;
  readonly cluster: string;
  readonly now?: string;
  readonly output?: 'json' | 'yaml';
}

/** `featureseal sign`: how a third party, or a person with a file, seals a NodeFeature. */
export function signCommand(context: CliContext): Command {
  return new Command('sign')
    .description('Seals a NodeFeature with an X.509-SVID and writes it to standard output.')
    .argument('<file>', 'the NodeFeature, JSON or YAML; - is standard input')
    .requiredOption('--cluster <name>', 'the cluster that the seal is for')
    .option('--svid <file>', 'certificate chain, PEM, leaf first')
    .option('--key <file>', 'its private key, PKCS#8 PEM')
    .option(
      '--socket <address>',
      'Workload API, unix:///path, in place of files (default: SPIFFE_ENDPOINT_SOCKET)',
    )
    .option('--id <spiffe-id>', 'the SVID to sign with, where the Workload API gives several')
    .option('--hint <hint>', 'the same by its hint')
    .option('--now <time>', 'signing time, RFC 3339 (default: the clock)')
    .addOption(new Option('-o, --output <format>', 'default: as the input').choices(['json', 'yaml']))
    .action((file: string, flags: Flags) => sign(file, flags, context));
}

async function sign(file: string, flags: Flags, context: CliContext): Promise<void> {
  const text = await readText(file, context);
  const isJson = text.trimStart().startsWith('{');
  const sealed = await signNodeFeature(isJson ? text : yamlValue(text, file), {
    svid: await svidOf(flags, context),
    cluster: flags.cluster,
    now: flags.now === undefined ? new Date(context.clock.now()) : parseMoment(flags.now),
    crypto: context.crypto,
  });
  const output = flags.output ?? (isJson ? 'json' : 'yaml');
  if (output === 'json') printJson(context, sealed);
  else printYaml(context, sealed);
}

function yamlValue(text: string, file: string): unknown {
  try {
    // A label value such as 1.10 without quotes is a number to YAML; the seal refuses it rather than sign "1.1".
    return parseYamlText(text, { maxAliasCount: 0 }) as unknown;
  } catch (cause) {
    throw new FeaturesealError({
      code: 'object-malformed',
      message: `${file} is neither JSON nor YAML`,
      cause,
    });
  }
}

async function svidOf(flags: Flags, context: CliContext): Promise<SignOptions['svid']> {
  const { svid, key, socket, id, hint } = flags;
  if (svid !== undefined && key !== undefined && socket === undefined) {
    return { chain: await readText(svid, context), key: await readText(key, context) };
  }
  if (svid !== undefined || key !== undefined) {
    const message = 'give --svid and --key together, or --socket alone';
    throw new FeaturesealError({ code: 'usage', message });
  }
  const address = workloadApiAddress({ configured: socket, env: context.env });
  const client = new WorkloadApiClient({ address, crypto: context.crypto });
  const svids = await client.fetchX509Svids(context.signal);
  return pickSvid(svids, {
    ...(id === undefined ? {} : { spiffeId: id }),
    ...(hint === undefined ? {} : { hint }),
  });
}
