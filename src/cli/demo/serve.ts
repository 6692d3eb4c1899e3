import type { CliContext } from '../context.ts';
import type { Happening } from './happenings.ts';
import type { World } from './world.ts';

/** Tells what worker and master do until the command is stopped. */
export async function watchServing(
  world: World,
  context: CliContext,
  say: (text: string) => void,
): Promise<void> {
  say(
    '\nServing. SVIDs live 60 s and rotate at half of that; each rotation is followed by a new seal. Stop with Ctrl-C.\n',
  );
  const stop = world.happenings.onEach((happening) => {
    const time = new Date(context.clock.now()).toISOString();
    say(`${time}  ${sentenceFor(happening)}\n`);
  });
  await new Promise<void>((resolve) => {
    if (context.signal.aborted) resolve();
    context.signal.addEventListener('abort', () => {
      resolve();
    });
  });
  stop();
}

function sentenceFor(happening: Happening): string {
  switch (happening.type) {
    case 'published':
      return `worker signed and published (${happening.reason}), iat ${new Date(happening.iat).toISOString()}`;
    case 'verified':
      return `master verified ${happening.key}`;
    case 'refused':
      return `master refused ${happening.key}: ${happening.message}`;
    case 'patched':
      return `master patched node ${happening.node}`;
    case 'waiting':
      return `worker waits for its identity: ${happening.message}`;
    case 'failed':
      return happening.message;
  }
}
