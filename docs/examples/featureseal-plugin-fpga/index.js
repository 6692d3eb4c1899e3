// @ts-check

const folder = '/sys/class/fpga_manager';

/**
 * FPGA managers of the host, one instance each (Linux, Documentation/ABI/testing/sysfs-class-fpga-manager).
 *
 * @type {import('featureseal/plugin').PluginFactory}
 */
export default function createFpga() {
  return {
    name: 'fpga',

    async discover({ host, log }) {
      const managers = [];
      for (const name of (await host.list(folder)) ?? []) {
        try {
          const model = await host.value(`${folder}/${name}/name`, /^[\w .-]+$/);
          const state = await host.value(`${folder}/${name}/state`, /^[\w ]+$/);
          managers.push({ attributes: { name, ...(model && { model }), ...(state && { state }) } });
        } catch (error) {
          // One card that cannot be read costs itself alone.
          log.warn('FPGA left out', { device: name, reason: String(error) });
        }
      }
      const isReady = managers.some(({ attributes }) => attributes.state === 'operating');
      return {
        features: { flags: {}, attributes: {}, instances: { manager: { elements: managers } } },
        labels: {
          ...(managers.length > 0 && { count: String(managers.length) }),
          ...(isReady && { ready: 'true' }),
        },
      };
    },
  };
}
