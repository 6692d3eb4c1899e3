import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { FeaturesealError, asFeaturesealError } from '../error.ts';
import { builtinPluginNames, packagedPluginNames, pluginNameFault } from '../plugin/load.ts';
import { systemCode } from '../plugin/thrown.ts';
import { packageRoot, packageVersion } from '../runtime/version.ts';
import type { CliContext } from './context.ts';
import { renderTable } from './output.ts';
import { pluginFiles } from './plugin/template.ts';

interface NewFlags {
  readonly folder?: string;
}

/** `featureseal plugin`: for people who write plugins. */
export function pluginCommand(context: CliContext): Command {
  const command = new Command('plugin').description('For writing plugins; see docs/plugins.md.');
  command
    .command('new <name>')
    .summary('a plugin with its test, ready to run')
    .description('Writes a plugin with its test, README and kustomization into a new folder, ready to run.')
    .option('--folder <dir>', 'where it goes (default: ./NAME)')
    .action((name: string, { folder = name }: NewFlags) => writePlugin(name, folder, context));
  return command;
}

async function writePlugin(name: string, folder: string, { out }: CliContext): Promise<void> {
  const fault = pluginNameFault(name) ?? taken(name);
  if (fault !== undefined)
    throw new FeaturesealError({ code: 'usage', message: `${JSON.stringify(name)}: ${fault}` });
  const target = resolve(folder);
  await makeFolder(target);
  try {
    for (const [file, text] of Object.entries(pluginFiles(name, packageVersion(), basename(target)))) {
      await writeFile(join(target, file), text, { flag: 'wx' });
    }
    // So that its test finds this package, wherever the folder is.
    await mkdir(join(target, 'node_modules'));
    await symlink(packageRoot(), join(target, 'node_modules/featureseal'), 'dir');
  } catch (thrown) {
    throw asFeaturesealError(thrown, 'file-unwritable', `cannot write into ${JSON.stringify(target)}`);
  }
  out(nextSteps(relative(resolve('.'), target)));
}

function nextSteps(folder: string): string {
  const module = `./${join(folder, 'index.js')}`;
  const steps = [
    [`(cd ${folder} && npm test)`, 'run its test'],
    [`featureseal discover --plugins ${module}`, 'see what it finds here'],
    [`featureseal demo --plugins ${module}`, 'see its labels signed, verified and on a node'],
    [join(folder, 'README.md'), 'how it gets onto a cluster'],
  ];
  const here = folder.startsWith('..') ? steps.slice(0, 1) : steps;
  const what = `wrote ${join(folder, 'index.js')}, its test, package.json, README.md and kustomization.yaml`;
  return `${what}\n\n${renderTable(
    here.map(([step = '', why = '']) => [`  ${step}`, why]),
    { colour: false },
  )}`;
}

/** Made anew, so that nothing of anybody's is ever overwritten. */
async function makeFolder(target: string): Promise<void> {
  try {
    await mkdir(dirname(target), { recursive: true });
    await mkdir(target);
  } catch (thrown) {
    if (systemCode(thrown) !== 'EEXIST') {
      throw asFeaturesealError(thrown, 'file-unwritable', `cannot make ${JSON.stringify(target)}`);
    }
    const message = `${JSON.stringify(target)} exists; take another name, or another --folder`;
    throw new FeaturesealError({ code: 'already-exists', message, cause: thrown });
  }
}

function taken(name: string): string | undefined {
  const isTaken = packagedPluginNames.some((each) => each === name);
  return isTaken ? `is a plugin of this package already, as are ${builtinPluginNames.join(', ')}` : undefined;
}
