import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** Every regular file that is opened while `work` runs, in order: what its floor has to read too. A device has no end. */
export async function filesReadBy(work: () => Promise<unknown>): Promise<readonly string[]> {
  const opened: string[] = [];
  const { openSync } = fs;
  fs.openSync = (...args: Parameters<typeof openSync>) => {
    opened.push(String(args[0]));
    return openSync(...args);
  };
  syncBuiltinESMExports();
  await work();
  fs.openSync = openSync;
  syncBuiltinESMExports();
  return opened.filter((file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}
