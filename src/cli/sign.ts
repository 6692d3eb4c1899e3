import { Command, Option } from 'commander';
import { FeaturesealError } from '../error.ts';
import { signNodeFeature, type SignOptions } from '../seal/sign.ts';
import type { CliContext } from './context.ts';
import { durationFlag } from './duration-flag.ts';
import { readText } from './files.ts';
import { parseMoment } from './moment.ts';
import { printJson, printYaml } from './output.ts';
import { readNodeFeature, type PlaceFlags } from './sign-input.ts';
import { publish, type PublishFlags } from './sign-publish.ts';
import { svidOfSocket, type SocketFlags } from './sign-svid.ts';

interface Flags extends SocketFlags, PlaceFlags, PublishFlags {
  readonly svid?: string;
  readonly key?: string;
  readonly cluster: string;
  readonly now?: string;
  readonly output?: 'json' | 'yaml';
}

/** `featureseal sign`: how a third party, or a person with a file, seals a NodeFeature. */
export function signCommand(context: CliContext): Command {
  return new Command('sign')
    .description(
      'Seals a NodeFeature with an X.509-SVID and writes it to standard output, or with --publish into the cluster.',
    )
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
    .option('--node <name>', 'the node that it is of, where the file does not say; becomes the name too')
    .option('--namespace <name>', 'its namespace, where the file does not say')
    .option(
      '--publish',
      'store it in the cluster, in place of what stands there; the SVID is of the Workload API',
    )
    .option(
      '--every <duration>',
      'with --publish: again this often, with the file and the SVID of that moment, until stopped',
      durationFlag,
    )
    .option('--kubeconfig <file>', 'with --publish: looked for as the worker does where absent')
    .action((file: string, flags: Flags) => sign(file, flags, context));
}

async function sign(file: string, flags: Flags, context: CliContext): Promise<void> {
  checkTogether(flags);
  if (flags.publish === true) return publish(file, flags, context);
  const { object, format } = await readNodeFeature(file, flags, context);
  const sealed = await signNodeFeature(object, {
    svid: await svidOf(flags, context),
    cluster: flags.cluster,
    now: flags.now === undefined ? new Date(context.clock.now()) : parseMoment(flags.now),
    crypto: context.crypto,
  });
  if ((flags.output ?? format) === 'json') printJson(context, sealed);
  else printYaml(context, sealed);
}

function checkTogether({ publish: isPublished, svid, key, now, output, every, kubeconfig }: Flags): void {
  const wrong = (message: string): FeaturesealError => new FeaturesealError({ code: 'usage', message });
  if (isPublished !== true) {
    if (every !== undefined || kubeconfig !== undefined)
      throw wrong('--every and --kubeconfig need --publish');
  } else if (svid !== undefined || key !== undefined) {
    // A seal is proved before it is stored, and files bring no bundle to prove it with.
    throw wrong('--publish takes the SVID from the Workload API: leave --svid and --key out');
  } else if (now !== undefined || output !== undefined) {
    throw wrong('--now and --output are for a seal that is written to standard output');
  }
}

async function svidOf(flags: Flags, context: CliContext): Promise<SignOptions['svid']> {
  const { svid, key, socket } = flags;
  if (svid !== undefined && key !== undefined && socket === undefined) {
    return { chain: await readText(svid, context), key: await readText(key, context) };
  }
  if (svid !== undefined || key !== undefined) {
    const message = 'give --svid and --key together, or --socket alone';
    throw new FeaturesealError({ code: 'usage', message });
  }
  return svidOfSocket(flags, context)(context.signal);
}
