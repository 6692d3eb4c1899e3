// @ts-check

/**
 * Where a machine stands, from a file that its installer wrote: `{"site":"fra1","rack":"r17"}`. Its labels have a prefix of
 * their own, so that a policy can grant them by `site.acme.example/*`.
 *
 * @type {import('featureseal/plugin').PluginFactory<{ file?: string } | undefined>}
 */
export default function createSite({ file = '/etc/acme/site.json' } = {}) {
  if (!file.startsWith('/')) throw new Error('file must be an absolute path on the host');

  return {
    name: 'site',

    async discover({ host }) {
      const text = await host.text(file, 4096);
      const place = text === undefined ? {} : placeOf(file, JSON.parse(text));
      return {
        features: { flags: {}, attributes: { place: { elements: place } }, instances: {} },
        labels: Object.fromEntries(
          Object.entries(place).map(([key, value]) => [`site.acme.example/${key}`, value]),
        ),
      };
    },
  };
}

/**
 * @param {string} file
 * @param {unknown} value
 * @returns {Record<string, string>}
 */
function placeOf(file, value) {
  const entries = Object.entries(typeof value === 'object' && value !== null ? value : {});
  const known = entries.filter(([key]) => key === 'site' || key === 'rack');
  if (known.some(([, each]) => typeof each !== 'string'))
    throw new Error(`${file}: site and rack must be texts`);
  return Object.fromEntries(known);
}
