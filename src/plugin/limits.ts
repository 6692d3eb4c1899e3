/** Bounds of what plugins return. A sealed payload holds at most 1.5 MiB; the rest of it is for metadata. */
export const limits = {
  /** RFC 8785 bytes of what one plugin returns. */
  pluginBytes: 768 * 1024,
  /** The same of all plugins together. */
  totalBytes: 1280 * 1024,
  featuresPerPlugin: 64,
  elementsPerPlugin: 20_000,
  labelsPerPlugin: 1000,
} as const;
