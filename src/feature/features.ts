/** A set of names, as NFD's flag features: `{"elements": {"AVX2": {}}}`. */
export interface FlagFeature {
  readonly elements: Readonly<Record<string, Readonly<Record<string, never>>>>;
}

/** Names with values, as NFD's attribute features: `{"elements": {"major": "6"}}`. */
export interface AttributeFeature {
  readonly elements: Readonly<Record<string, string>>;
}

/** A list of things with attributes, as NFD's instance features. */
export interface InstanceFeature {
  readonly elements: readonly InstanceElement[];
}

/** One thing of an {@link InstanceFeature}, for example one PCI device. */
export interface InstanceElement {
  readonly attributes: Readonly<Record<string, string>>;
}

/** What a node can do, by kind; keys are `source.feature`, for example `cpu.cpuid`. */
export interface Features {
  readonly flags: Readonly<Record<string, FlagFeature>>;
  readonly attributes: Readonly<Record<string, AttributeFeature>>;
  readonly instances: Readonly<Record<string, InstanceFeature>>;
}

/** What a plugin returns and what a worker publishes: features, and labels derived from them. */
export interface Discovery {
  readonly features: Features;
  readonly labels: Readonly<Record<string, string>>;
}
