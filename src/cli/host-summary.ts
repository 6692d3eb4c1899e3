import { cpu, mem, osInfo, system } from 'systeminformation';

/** Long enough for a slow host, short enough for a person. */
const patienceMs = 3000;

/**
 * One line that says which machine this is, for people; undefined where the machine does not tell. It asks programs of
 * the operating system, so it is for the host that we run on and never part of what is signed.
 */
export async function hostSummary(signal: AbortSignal): Promise<string | undefined> {
  try {
    const parts = await Promise.race([askAll(), patience(signal)]);
    return parts.length === 0 ? undefined : parts.join(', ');
  } catch {
    // Nothing depends on this line.
    return undefined;
  }
}

async function askAll(): Promise<string[]> {
  const [processor, memory, os, machine] = await Promise.all([cpu(), mem(), osInfo(), system()]);
  const gibibytes = (memory.total / 2 ** 30).toFixed(1);
  return [
    words(processor.manufacturer, processor.brand),
    processor.cores > 0 ? `${String(processor.cores)} CPUs` : '',
    memory.total > 0 ? `${gibibytes} GiB` : '',
    words(os.distro, os.release),
    words(machine.manufacturer, machine.model),
  ].filter((part) => part !== '');
}

function words(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '' && part.toLowerCase() !== 'unknown').join(' ');
}

function patience(signal: AbortSignal): Promise<string[]> {
  return new Promise((resolve) => {
    AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]).addEventListener('abort', () => resolve([]));
  });
}
