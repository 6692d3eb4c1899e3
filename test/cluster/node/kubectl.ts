import { execFile } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';

const longestOutput = 64 * 1024 * 1024;
const untilMs = 120_000;
const askAgainMs = 250;

export interface CommandOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end. @throws with what it said, for every status but 0 */
export function run(
  file: string,
  args: readonly string[],
  { input = '', env = process.env }: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { maxBuffer: longestOutput, env }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${[file, ...args].join(' ')}\n${stderr}${stdout}`, { cause: error }));
    });
    child.stdin?.on('error', () => undefined).end(input);
  });
}

/** Any cluster, by kubectl alone. */
export class Kubectl {
  /** What a script needs that is to use kubectl in the same way. */
  readonly environment: { readonly KUBECONFIG: string; readonly KUBECACHEDIR: string };
  readonly #command: readonly string[];

  /**
   * @param command that stands for kubectl
   * @param cache folder for what the API server says it has. kubectl keeps that by the server's address for hours,
   * and tests give one address to one cluster after another: in a common folder one would be taken for another.
   */
  constructor(command: readonly string[], kubeconfig: string, cache: string) {
    this.#command = command;
    this.environment = { KUBECONFIG: kubeconfig, KUBECACHEDIR: cache };
  }

  run(...args: readonly string[]): Promise<string> {
    return this.with({}, ...args);
  }

  with({ input, env = {} }: CommandOptions, ...args: readonly string[]): Promise<string> {
    const [file = '', ...before] = this.#command;
    const options = input === undefined ? {} : { input };
    return run(file, [...before, ...args], {
      ...options,
      env: { ...process.env, ...this.environment, ...env },
    });
  }

  /** `kubectl apply -f -` of manifests or of one object. */
  async apply(manifests: unknown, ...args: readonly string[]): Promise<string> {
    const input = typeof manifests === 'string' ? manifests : JSON.stringify(manifests);
    return this.with({ input }, 'apply', ...args, '-f', '-');
  }

  async json<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run('get', ...args, '-o', 'json')) as T;
  }

  /** Asks until the answer is as wanted; a failed question is asked again too. */
  async until(what: string, asked: () => Promise<boolean>): Promise<void> {
    const deadline = AbortSignal.timeout(untilMs);
    let problem: unknown;
    for (;;) {
      const isSo = await asked().catch((thrown: unknown) => {
        problem = thrown;
        return false;
      });
      if (isSo) return;
      if (deadline.aborted) throw new Error(`it never came true that ${what}`, { cause: problem });
      await setTimeout(askAgainMs);
    }
  }
}
