import { Command } from 'commander';
import { describe, expect, test } from '@jest/globals';
import type { CommandEntry } from '../../../src/cli/commands.ts';
import { runCli } from '../../../src/cli/run.ts';
import type { ReasonCode } from '../../../src/error-codes.ts';
import { FeaturesealError } from '../../../src/error.ts';
import { recordCli } from '../../support/cli-context.ts';

/** A command `act` that does `work`, with an option and a command below it. */
function entry(work: () => void, name = 'act'): CommandEntry {
  const command = (): Command => {
    const made = new Command(name).description('Acts.').option('--how <way>').action(work);
    made.addCommand(new Command('below').action(work));
    return made;
  };
  return { name, summary: 'acts', load: () => Promise.resolve(command) };
}

const untouched: CommandEntry = {
  name: 'other',
  summary: 'does something else',
  load: () => Promise.reject(new Error('was loaded though not called for')),
};

async function run(args: readonly string[], work: () => void = () => undefined, overrides = {}) {
  const cli = recordCli(overrides);
  const options = { args, commands: [entry(work), untouched], version: '1.2.3' };
  const status = await runCli(options, cli.context);
  return { status, out: cli.out(), err: cli.err() };
}

function thrower(error: unknown): () => void {
  return () => {
    throw error;
  };
}

describe('runCli', () => {
  test('runs the command that is named and loads no other', async () => {
    let acted = 0;
    const act = (): void => {
      acted += 1;
    };
    expect(await run(['act'], act)).toEqual({ status: 0, out: '', err: '' });
    expect(acted).toBe(1);
  });

  test('--version prints the version alone', async () => {
    expect(await run(['--version'])).toEqual({ status: 0, out: '1.2.3\n', err: '' });
  });

  test('--help lists all commands and the exit statuses', async () => {
    const { status, out } = await run(['--help']);
    expect(status).toBe(0);
    expect(out).toMatch(/^ {2}act +acts$/m);
    expect(out).toMatch(/^ {2}other +does something else$/m);
    expect(out).toMatch(/^Exit status:$/m);
  });

  test.each([[['act', '--help']], [['help', 'act']]])(
    '%j shows the help of the command itself',
    async (args) => {
      const { status, out } = await run(args);
      expect(status).toBe(0);
      expect(out).toContain('--how <way>');
      expect(out).toContain('Exit status:');
    },
  );

  test.each([
    ['no command', [], 'Usage: featureseal'],
    ['an unknown command', ['atc'], `featureseal: [usage] unknown command 'atc'`],
    ['an unknown option', ['act', '--hwo', 'x'], `featureseal: [usage] unknown option '--hwo'`],
    [
      'an option without its value',
      ['act', '--how'],
      `featureseal: [usage] option '--how <way>' argument missing`,
    ],
    ['an argument too many', ['act', 'x', 'y'], 'featureseal: [usage] too many arguments'],
    ['a mistake below a command', ['act', 'below', '--x'], `featureseal: [usage] unknown option '--x'`],
  ])('wrong use exits 2 and says what is wrong: %s', async (_, args, message) => {
    const { status, out, err } = await run(args);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toContain(message);
  });

  test.each<[ReasonCode, number]>([
    ['usage', 2],
    ['config-invalid', 2],
    ['policy-invalid', 2],
    ['replayed', 1],
    ['file-unreadable', 2],
    ['file-unwritable', 1],
    ['internal', 1],
  ])('an error with code %s is one line and exits %d', async (code, status) => {
    const result = await run(['act'], thrower(new FeaturesealError({ code, message: 'because' })));
    expect(result).toEqual({ status, out: '', err: `featureseal: [${code}] because\n` });
  });

  test('any other error is a defect: one line that says so, no stack', async () => {
    const { status, err } = await run(['act'], thrower(new TypeError('x is not a function')));
    expect(status).toBe(1);
    expect(err).toMatch(/^featureseal: \[internal\] x is not a function; .*report.*FEATURESEAL_DEBUG=1.*\n$/);
  });

  test('FEATURESEAL_DEBUG=1 adds the stack', async () => {
    const { err } = await run(['act'], thrower(new TypeError('oh')), { env: { FEATURESEAL_DEBUG: '1' } });
    expect(err).toMatch(/\n {4}at .*run\.test\.ts/);
  });

  test('what an error quotes cannot move the cursor', async () => {
    const error = new FeaturesealError({ code: 'usage', message: 'no file \u001b[2Jx\u202e' });
    expect((await run(['act'], thrower(error))).err).toBe(
      'featureseal: [usage] no file \\u001b[2Jx\\u202e\n',
    );
  });

  test('who stopped us is not told that we were stopped', async () => {
    const error = new FeaturesealError({ code: 'aborted', message: 'stopped by SIGINT' });
    expect(await run(['act'], thrower(error), { signal: AbortSignal.abort() })).toEqual({
      status: 1,
      out: '',
      err: '',
    });
  });
});
