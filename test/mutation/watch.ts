// What ends a test that cannot end itself: errors that nobody can catch, and waiting for what never comes.

const lookEveryMs = 500;
/** Looks in a row that find nothing going on in the process; servers of tests are in it too. */
const mostIdleLooks = 10;

let current = Promise.withResolvers<never>();
let idleLooks = 0;

export function watchForErrors(): void {
  process.on('uncaughtException', fail);
}

/**
 * A slow machine makes nobody idle: what is measured is whether anything waits to be run. Work of other threads is not
 * seen; once keys are made, none takes long.
 */
export function watchForIdling(): void {
  let last = performance.eventLoopUtilization();
  const look = () => {
    const now = performance.eventLoopUtilization();
    idleLooks = performance.eventLoopUtilization(now, last).utilization < 0.1 ? idleLooks + 1 : 0;
    last = now;
    if (idleLooks >= mostIdleLooks) fail(new Error('waits for what never comes'));
  };
  setInterval(look, lookEveryMs).unref();
}

/** Rejects when what is begun now cannot end by itself any more. */
export function cutShort(): Promise<never> {
  idleLooks = 0;
  current = Promise.withResolvers();
  current.promise.catch(() => undefined);
  return current.promise;
}

function fail(thrown: unknown): void {
  idleLooks = 0;
  current.reject(thrown);
}
