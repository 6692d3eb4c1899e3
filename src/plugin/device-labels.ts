import { z } from 'zod';
import type { Device } from './devices.ts';

/** Options of a bus whose devices are labelled by class. */
export interface DeviceLabelOptions {
  /** Starts of class codes whose devices get labels. */
  readonly deviceClassWhitelist: readonly string[];
  /** What the name of a label is made of. */
  readonly deviceLabelFields: readonly string[];
}

/** The schema of these options. `digits` are those of a whole class code; `fields` the attributes of a device. */
export function deviceLabelOptions<Field extends string>(options: {
  readonly digits: number;
  readonly classes: readonly string[];
  readonly fields: readonly [Field, ...Field[]];
  readonly labelFields: readonly Field[];
}): z.ZodType<DeviceLabelOptions> {
  const { digits, classes, fields, labelFields } = options;
  const start = z
    .string()
    .regex(
      new RegExp(`^[0-9a-f]{1,${String(digits)}}$`, 'i'),
      `is not 1 to ${String(digits)} hexadecimal digits`,
    );
  return z.strictObject({
    deviceClassWhitelist: z.array(start).default([...classes]),
    deviceLabelFields: z
      .array(z.enum(fields))
      .min(1)
      .default([...labelFields]),
  });
}

/** The devices of the whitelisted classes, each with its kind: the values of the label's fields, in the bus's order. */
export function labelledDevices(
  devices: readonly Device[],
  { deviceClassWhitelist, deviceLabelFields }: DeviceLabelOptions,
  order: readonly string[],
): (readonly [kind: string, device: Device])[] {
  const fields = order.filter((field) => deviceLabelFields.includes(field));
  return devices
    .filter((device) =>
      deviceClassWhitelist.some((start) => device['class']?.startsWith(start.toLowerCase())),
    )
    .map((device) => [fields.map((field) => device[field]).join('_'), device]);
}
