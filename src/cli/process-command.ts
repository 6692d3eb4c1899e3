import { Command, Option } from 'commander';
import { describeSettings, parseSettings, type SettingsSchema } from '../runtime/settings.ts';
import { environmentSettings } from '../runtime/common-settings.ts';
import type { z } from 'zod';
import type { CliContext } from './context.ts';
import { readText } from './files.ts';

export interface ProcessCommand<Schema extends SettingsSchema> {
  readonly name: string;
  readonly description: string;
  readonly schema: Schema;
  /** Runs the process until its signal aborts. `folder` is where the configuration file stands. */
  readonly run: (
    config: z.infer<Schema>,
    context: CliContext,
    configFile: string | undefined,
  ) => Promise<void>;
}

/** A command whose flags are the settings of a schema, over those of `--config FILE`. */
export function processCommand<Schema extends SettingsSchema>(
  { name, description, schema, run }: ProcessCommand<Schema>,
  context: CliContext,
): Command {
  const command = new Command(name)
    .description(description)
    .option('--config <file>', 'configuration file, YAML; flags win over it');
  const keys = new Map<string, string>();
  for (const { key, flag, placeholder, text, default: shown } of describeSettings(schema)) {
    if (flag === undefined) continue;
    const option = new Option(
      placeholder === undefined ? flag : `${flag} <${placeholder}>`,
      shown === undefined ? text : `${text} (default: ${shown})`,
    );
    keys.set(option.attributeName(), key);
    command.addOption(option);
  }
  return command.action(async (options: Readonly<Record<string, unknown>>) => {
    const { config: file, ...given } = options;
    const name = typeof file === 'string' ? file : undefined;
    const flags = Object.fromEntries(
      Object.entries(given).map(([option, value]) => [keys.get(option) ?? option, value]),
    );
    const config = parseSettings(schema, {
      file: name === undefined ? undefined : { name, text: await readText(name, context) },
      flags,
      environment: known(environmentSettings(context.env), schema),
    });
    await run(config, context, name);
  });
}

/** The environment names settings that one process has and the other has not. */
function known<Value>(
  values: Readonly<Record<string, Value>>,
  schema: SettingsSchema,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => Object.hasOwn(schema.shape, key)));
}
