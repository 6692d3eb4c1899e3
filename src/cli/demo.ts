import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { ReasonCode } from '../error-codes.ts';
import type { NodeFeature } from '../feature/node-feature.ts';
import { loadPlugins } from '../plugin/load.ts';
import { repeatedDiscovery } from '../plugin/repeated-discovery.ts';
import { attacksWith, type Attack } from './demo/attacks.ts';
import type { Happening } from './demo/happenings.ts';
import { watchServing } from './demo/serve.ts';
import { World } from './demo/world.ts';
import type { CliContext } from './context.ts';
import { exitStatus } from './exit-status.ts';
import { renderLabels } from './label-table.ts';
import { notingLog, renderNotes } from './notes.ts';
import { printJson, renderTable } from './output.ts';
import { pluginEntries, pluginsHelp } from './plugin-list.ts';

interface Flags {
  readonly serve?: true;
  readonly plugins?: string;
  readonly output: 'text' | 'json';
}

/** How one attack ended. */
interface Outcome {
  readonly name: string;
  readonly verdict: 'refused' | 'accepted';
  /** null where nothing stopped it. */
  readonly code: ReasonCode | null;
  /** It was stopped by the step that is there to stop it, and no label changed. */
  readonly asExpected: boolean;
}

const hourMs = 60 * 60 * 1000;
const minuteMs = 60 * 1000;
const deadlineMs = 20_000;

/** `featureseal demo`: the whole way in one process on this host. */
export function demoCommand(context: CliContext): Command {
  return new Command('demo')
    .description(
      'Identity, worker, store and master in one process: the labels of this host, then attacks refused.',
    )
    .option('--plugins <list>', pluginsHelp)
    .option('--serve', 'go on with SVIDs of 60 s, to watch rotation and re-signing, until stopped')
    .addOption(new Option('-o, --output <form>', 'form').choices(['text', 'json']).default('text'))
    .action((flags: Flags) => demo(flags, context));
}

async function demo(flags: Flags, context: CliContext): Promise<void> {
  const say = flags.output === 'json' ? () => undefined : context.out;
  const { log, notes } = notingLog(context);
  const { clock } = context;

  say('1  A SPIFFE authority, its Workload API on unix sockets, worker and master start in this process.\n');
  const plugins = await loadPlugins(pluginEntries(flags.plugins), { folder: resolve('.') });
  const world = await World.create(context, {
    svidTtlMs: flags.serve === true ? minuteMs : hourMs,
    discoverAs: (nodeName) => repeatedDiscovery({ plugins, hostRoot: '/', nodeName, log, clock, deadlineMs }),
  });
  try {
    say(
      `2  The worker of node ${world.node} reads this host, signs, publishes; the master verifies and labels.\n`,
    );
    await world.happenings.next((each) => (each.type === 'patched' ? each : undefined), context.signal);
    const labels = labelsOf(world);
    say(`\n${renderLabels(labels, context)}${renderNotes(notes)}\n`);

    say('3  Somebody who may edit NodeFeatures tries to lie.\n\n');
    const outcomes = await attackAll(world, context);
    say(renderOutcomes(outcomes, context));
    if (flags.output === 'json') {
      const attacks = outcomes.map(({ name, verdict, code }) => ({ name, verdict, code }));
      printJson(context, { node: world.node, labels, attacks });
    }
    const failed = outcomes.filter(({ asExpected }) => !asExpected).length;
    if (failed > 0) context.setExitCode(exitStatus.failed);
    say(
      failed === 0
        ? '\nEvery attack was refused and no label changed.\n'
        : `\n${String(failed)} attacks went wrong.\n`,
    );
    if (flags.serve === true) await watchServing(world, context, say);
  } finally {
    await world.close();
  }
}

async function attackAll(world: World, context: CliContext): Promise<readonly Outcome[]> {
  const original = world.objects.get(world.key) as NodeFeature;
  const outcomes: Outcome[] = [];
  for (const attack of attacksWith(original)) {
    if (context.watched) context.err(`   ${attack.name} …\n`);
    outcomes.push(await attackOnce(attack, world, context.signal));
  }
  return outcomes;
}

/** Writes the lie, waits for the verdict on it, and where it lay over the worker's object, until that is put back. */
async function attackOnce(
  { name, expected, object }: Attack,
  world: World,
  signal: AbortSignal,
): Promise<Outcome> {
  const before = JSON.stringify(labelsOf(world));
  const lie = await object(world);
  const key = `${lie.metadata.namespace}/${lie.metadata.name}`;
  const verdict = world.happenings.next((each) => verdictOn(key, each), signal);
  world.objects.put(lie);
  const { code } = await verdict;
  if (key === world.key && code !== null) {
    await world.happenings.next(
      (each) => (each.type === 'verified' && each.key === key ? each : undefined),
      signal,
    );
  }
  const isUnchanged = JSON.stringify(labelsOf(world)) === before;
  const asExpected = isUnchanged && code === expected;
  return { name, verdict: code === null ? 'accepted' : 'refused', code, asExpected };
}

function verdictOn(key: string, happening: Happening): { readonly code: ReasonCode | null } | undefined {
  if (happening.type === 'refused' && happening.key === key) return { code: happening.code };
  return happening.type === 'verified' && happening.key === key ? { code: null } : undefined;
}

function labelsOf({ nodes, node }: World): Readonly<Record<string, string>> {
  return nodes.get(node)?.labels ?? {};
}

function renderOutcomes(outcomes: readonly Outcome[], { colour }: CliContext): string {
  const rows = outcomes.map(({ name, verdict, code }) => [`   ${name}`, verdict, code ?? '-']);
  return renderTable(rows, { header: ['   attack', 'verdict', 'code of the step that stopped it'], colour });
}
