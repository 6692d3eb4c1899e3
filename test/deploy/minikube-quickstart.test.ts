// What scripts/minikube-quickstart can say without a cluster, and how it calls minikube: a stand-in notes its arguments.
// That a real minikube does with them what is meant is not shown here.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { temporaryFolder } from '../support/temporary-folder.ts';

const repository = join(import.meta.dirname, '../..');
const script = join(repository, 'scripts/minikube-quickstart');
const path = temporaryFolder();

/** The programs that a shell script cannot do without, and stand-ins. */
function programs(standIns: Readonly<Record<string, string>>): string {
  const bin = path('bin');
  mkdirSync(bin);
  for (const name of [
    'bash',
    'cat',
    'dirname',
    'grep',
    'head',
    'mkdir',
    'mktemp',
    'readlink',
    'rm',
    'sed',
    'sleep',
    'touch',
  ])
    symlinkSync(join('/usr/bin', name), join(bin, name));
  for (const [name, body] of Object.entries(standIns)) {
    writeFileSync(join(bin, name), `#!/usr/bin/bash\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return bin;
}

function run(args: readonly string[], standIns: Readonly<Record<string, string>> = {}) {
  const env = { PATH: programs(standIns), HOME: path('home') };
  const { status, stdout, stderr } = spawnSync('/usr/bin/bash', [script, ...args], { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('minikube-quickstart', () => {
  test.each([
    ['an identity that there is not', ['--identity', 'vault']],
    ['a kubeconfig without a context', ['--kubeconfig', '/dev/null']],
    ['an option without its value', ['--context']],
    ['an option that there is not', ['--up']],
  ])('refuses %s as wrong use', (_, args) => {
    expect(run(args)).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('Usage:') });
  });

  test.each([
    ['kubectl', [], {}, 'kubectl is missing: https://kubernetes.io/docs/tasks/tools/'],
    ['minikube', [], { kubectl: '' }, 'minikube is missing: install it (https://minikube.sigs.k8s.io'],
    [
      'what builds an image',
      [],
      { kubectl: '', minikube: '' },
      'neither docker nor buildah is here to build the image: install one of them, or give --images',
    ],
    [
      'the context',
      ['--context', 'nowhere'],
      { kubectl: 'exit 1' },
      'there is no context nowhere: kubectl config get-contexts lists them',
    ],
    ['the file of images', ['--images', '/nowhere.yaml'], { kubectl: '' }, '/nowhere.yaml cannot be read'],
  ])('says what to do where %s is missing', (_, args, standIns, message) => {
    const { status, stderr } = run(args, standIns);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining(`featureseal: ${message}`),
    });
  });

  test('with --context says no word to minikube', () => {
    const standIns = { kubectl: 'exit 1', minikube: `touch ${path('called')}` };
    run(['--context', 'nowhere'], standIns);
    expect(existsSync(path('called'))).toBe(false);
  });
});

/** What a cluster answers that is good for it; `but` is answered differently. */
function kubectl(but: Readonly<Record<string, string>> = {}): string {
  const answers = {
    'config view': ':',
    'get --raw /version': `echo '{ "major": "1", "minor": "36" }'`,
    'auth can-i': 'echo yes',
    'get deployments -A': ':',
    'get csidriver': ':',
    '-n default get configmap featureseal-quickstart': ':',
    ...but,
  };
  const cases = Object.entries(answers).map(([words, answer]) => `'${words}'*) ${answer} ;;`);
  return `case "$*" in\n${cases.join('\n')}\n*) echo "asked: $*" >&2; exit 9 ;;\nesac`;
}

describe('before it touches a cluster, minikube-quickstart', () => {
  test.each<[string, readonly string[], Readonly<Record<string, string>>, string]>([
    [
      'a Kubernetes too old for SPIRE',
      [],
      { 'get --raw /version': `echo '{ "minor": "32+" }'` },
      'this is Kubernetes 1.32: --identity spire takes 1.33 or newer',
    ],
    [
      'a Kubernetes too old for both',
      ['--identity', 'development'],
      { 'get --raw /version': `echo '{ "minor": "29" }'` },
      'this is Kubernetes 1.29: --identity development takes 1.30 or newer',
    ],
    ['a cluster that does not answer', [], { 'get --raw /version': 'exit 1' }, 'the cluster does not answer'],
    [
      'a user who may not do everything',
      [],
      { 'auth can-i': 'echo no; exit 1' },
      'this user may not do everything',
    ],
    [
      'node-feature-discovery',
      [],
      { 'get deployments -A': 'echo deployment.apps/nfd-master' },
      'node-feature-discovery is installed here',
    ],
    [
      "somebody else's SPIRE",
      [],
      { 'get csidriver': 'echo ,' },
      'csi.spiffe.io has a driver here already, SPIRE mostly',
    ],
    [
      'SPIRE where the development identity is asked for',
      ['--identity', 'development'],
      { 'get csidriver': 'echo ,' },
      'csi.spiffe.io has a driver here already, SPIRE mostly',
    ],
    [
      'another identity of its own',
      ['--identity', 'development'],
      { '-n default get configmap featureseal-quickstart': 'echo spire' },
      'identity spire is installed here: first',
    ],
  ])('refuses %s', (_, args, but, message) => {
    const { status, stdout, stderr } = run(['--context', 'some', ...args], { kubectl: kubectl(but) });
    expect(stderr).toContain(`featureseal: ${message}`);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    // Nothing was asked for but what is looked at first.
    expect(stderr).not.toContain('asked:');
  });

  test('goes on where nothing stands in the way', () => {
    expect(run(['--context', 'some'], { kubectl: kubectl() }).stderr).toContain('asked: create --dry-run');
  });

  test('takes nothing down that it did not make', () => {
    const standIns = { kubectl: kubectl() };
    expect(run(['--context', 'some', '--down'], standIns)).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

describe('a wait', () => {
  const lib = join(repository, 'scripts/lib/quickstart.sh');

  /** A wait without patience for a rollout that does not end. */
  function awaited(but: Readonly<Record<string, string>>): string {
    const standIn = kubectl({ '-n here rollout status': 'echo 0 of 1; exit 1', ...but });
    const text = `source ${lib}; await_rollout 'the workers' here daemonset/workers`;
    const env = { PATH: programs({ kubectl: standIn }), QUICKSTART_PATIENCE: '0' };
    const { status, stderr } = spawnSync('/usr/bin/bash', ['--norc', '-c', text], { env, encoding: 'utf8' });
    expect(status).toBe(1);
    return stderr;
  }

  test('in vain says for what it was, the last answer, and where to look', () => {
    const said = awaited({ '-n here get pods': ':', '-n here logs': 'echo why it does not start' });
    expect(said).toContain('featureseal: waited 0 s in vain for the workers');
    expect(said).toContain('the last answer: 0 of 1\nwhy it does not start');
    expect(said).toContain('look at: kubectl -n here get pods,pvc; kubectl -n here logs daemonset/workers');
  });

  test('for an image that no node has ends at once, and says how to bring it', () => {
    const said = awaited({ '-n here get pods': 'echo ImagePullBackOff localhost/featureseal:dev' });
    expect(said).toContain('a node does not get the image localhost/featureseal:dev (ImagePullBackOff)');
    expect(said).toContain('scripts/build-image --output FILE');
    expect(said).not.toContain('in vain');
  });
});

describe('its part that is of minikube', () => {
  const lib = join(repository, 'scripts/lib/quickstart-minikube.sh');

  /** Runs functions of it; `profiles` is what minikube has. */
  function minikube(
    functions: string,
    profiles: readonly string[],
  ): { status: number | null; calls: string[] } {
    const calls = path('calls');
    const json = JSON.stringify({ invalid: [], valid: profiles.map((Name) => ({ Name })) });
    const standIn = `[[ $1 != profile ]] || { echo '${json}'; exit; }\necho "$*" >>${calls}`;
    const bin = existsSync(path('bin')) ? path('bin') : programs({ minikube: standIn });
    writeFileSync(join(bin, 'minikube'), `#!/usr/bin/bash\n${standIn}\n`);
    mkdirSync(path('root/scripts'), { recursive: true });
    const build = `echo "build-image $*" >>${calls}\nfor last; do :; done; touch "$last"`;
    writeFileSync(path('root/scripts/build-image'), `#!/usr/bin/bash\n${build}\n`, { mode: 0o755 });
    const text = `set -euo pipefail; source ${lib}
      root=${path('root')} cache=${path('cache')} minikube_notes=${path('cache/quickstart')}
      ${functions}`;
    const { status, stderr } = spawnSync('/usr/bin/bash', ['--norc', '-c', text], {
      env: { PATH: bin },
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const said = existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [];
    writeFileSync(calls, '');
    return { status, calls: said.filter((line) => line !== '') };
  }

  const start = 'start --profile featureseal --keep-context --container-runtime containerd';

  test('starts a profile of its own, and leaves the current context alone', () => {
    expect(minikube('start_minikube', [])).toEqual({ status: 0, calls: [start] });
  });

  test('puts the image that it built into the profile', () => {
    const archive = path('cache/quickstart-image.tar');
    expect(minikube('start_minikube; load_into_minikube', [])).toEqual({
      status: 0,
      calls: [
        start,
        `build-image --tag localhost/featureseal:dev --output ${archive}`,
        `image load ${archive} --profile featureseal`,
      ],
    });
    expect(existsSync(archive)).toBe(false);
  });

  test('deletes the profile that it made, also after a second start', () => {
    minikube('start_minikube', ['minikube']);
    minikube('start_minikube', ['minikube', 'featureseal']);
    expect(minikube('delete_minikube', ['minikube', 'featureseal'])).toEqual({
      status: 0,
      calls: ['delete --profile featureseal'],
    });
    expect(minikube('delete_minikube', [])).toEqual({ status: 1, calls: [] });
  });

  test('leaves a profile that was there before, but for its image', () => {
    minikube('start_minikube; load_into_minikube', ['featureseal']);
    expect(minikube('delete_minikube || unload_from_minikube', ['featureseal'])).toEqual({
      status: 0,
      calls: ['image rm localhost/featureseal:dev --profile featureseal'],
    });
  });
});
