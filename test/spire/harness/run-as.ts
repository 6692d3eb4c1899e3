// featureseal as another user: run-as.ts UID ARGUMENT ... All modules and files are loaded before the user changes, so
// that the checkout may be one that only we can read.
import { commands } from '../../../src/cli/commands.ts';
import { runCli } from '../../../src/cli/run.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { workloadApiService } from '../../../src/spiffe/workload-api/service.ts';

const [uid = '', ...args] = process.argv.slice(2);
const loaded = await Promise.all(commands.map(async (entry) => ({ ...entry, command: await entry.load() })));
workloadApiService();

process.setgroups?.([]);
process.setgid?.(Number(uid));
process.setuid?.(Number(uid));

process.exitCode = await runCli(
  {
    args,
    commands: loaded.map(({ name, summary, command }) => ({ name, summary, load: async () => command })),
    version: '0',
  },
  {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    input: process.stdin,
    env: {},
    watched: false,
    colour: false,
    signal: new AbortController().signal,
    clock: systemClock,
    crypto: globalThis.crypto,
    setExitCode: (code) => void (process.exitCode = code),
  },
);
