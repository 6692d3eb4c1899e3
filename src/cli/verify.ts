import { Command, Option } from 'commander';
import { FeaturesealError, verificationStep } from '../error.ts';
import { escapeControls } from '../runtime/escape.ts';
import { parsePolicy } from '../seal/policy.ts';
import { verifyNodeFeature } from '../seal/verify.ts';
import { collectFlag, readBundles } from './bundles.ts';
import type { CliContext } from './context.ts';
import { exitStatus } from './exit-status.ts';
import { readText } from './files.ts';
import { parseMoment } from './moment.ts';
import { parseNodeFeatureText } from './node-feature-text.ts';
import { printJson } from './output.ts';
import { verifyBatch } from './verify-batch.ts';

interface Flags {
  readonly bundle: readonly string[];
  readonly policy: string;
  readonly now?: string;
  readonly batch?: true;
  readonly output: 'text' | 'json';
}

/** `featureseal verify`: the master's judgement without a cluster, always as mode enforce does. */
export function verifyCommand(context: CliContext): Command {
  return new Command('verify')
    .description('Verifies a sealed NodeFeature offline. Exits 0 accepted, 1 refused, 2 usage.')
    .argument('[file]', 'the NodeFeature, JSON or YAML; - is standard input')
    .requiredOption('--bundle <[td=]file>', 'trust bundle, PEM or SPIFFE JSON; repeatable', collectFlag)
    .requiredOption('--policy <file>', 'policy file')
    .option('--now <time>', 'judge at this time, RFC 3339 (default: the clock)')
    .option(
      '--batch',
      'JSON lines {"id","nodeFeature","accepted"?,"now"?} on standard input, a verdict for each',
    )
    .addOption(
      new Option('-o, --output <format>', 'form of the verdict').choices(['text', 'json']).default('text'),
    )
    .action((file: string | undefined, flags: Flags) => verify(file, flags, context));
}

async function verify(file: string | undefined, flags: Flags, context: CliContext): Promise<void> {
  if ((file === undefined) !== (flags.batch === true)) {
    throw usage(
      flags.batch === true ? '--batch reads standard input and takes no file' : 'name a file, or say --batch',
    );
  }
  const policy = parsePolicy(await readText(flags.policy, context));
  const bundles = await readBundles(flags.bundle, policy, context);
  const clock = (): Date =>
    flags.now === undefined ? new Date(context.clock.now()) : parseMoment(flags.now);
  const options = { policy, bundles, crypto: context.crypto };
  if (file === undefined) return verifyBatch({ ...options, clock }, context);
  const text = await readText(file, context);
  await verifyOne({ text, file }, { ...options, now: clock() }, flags, context);
}

async function verifyOne(
  { text, file }: { readonly text: string; readonly file: string },
  options: Parameters<typeof verifyNodeFeature>[1],
  { output }: Flags,
  context: CliContext,
): Promise<void> {
  try {
    const { object } = parseNodeFeatureText(text, file);
    const { node, spiffeId, iat, stale } = await verifyNodeFeature(object, options);
    const signed = new Date(iat).toISOString();
    if (output === 'json')
      printJson(context, { verdict: 'accept', code: null, spiffeId, node, signed, stale });
    else context.out(`accepted: node ${node}, signed ${signed} by ${spiffeId}${stale ? ', stale' : ''}\n`);
  } catch (thrown) {
    if (!(thrown instanceof FeaturesealError) || verificationStep(thrown.code) === undefined) throw thrown;
    const { code, message } = thrown;
    if (output === 'json') printJson(context, { verdict: 'refuse', code, spiffeId: null, message });
    else context.out(`refused at step ${String(verificationStep(code))}: ${escapeControls(message)}\n`);
    context.setExitCode(exitStatus.failed);
  }
}

function usage(message: string): FeaturesealError {
  return new FeaturesealError({ code: 'usage', message });
}
