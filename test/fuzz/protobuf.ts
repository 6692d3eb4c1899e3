/** Writes protobuf's wire format (length-delimited fields only), so that every field can come twice, late or wrong. */
export type Field = readonly [number: number, value: Uint8Array | string | readonly Field[]];

export function message(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.map(([number, value]) => {
      const content =
        typeof value === 'string' ? Buffer.from(value) : value instanceof Uint8Array ? value : message(value);
      return Buffer.concat([varint((number << 3) | 2), varint(content.length), content]);
    }),
  );
}

function varint(value: number): Buffer {
  const octets: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    octets.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...octets, rest]);
}
