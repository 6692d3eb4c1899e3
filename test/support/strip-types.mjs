// Jest's transformer: Node's own type stripping, so that tests run the very source text that Node runs.
import { stripTypeScriptTypes } from 'node:module';

export default {
  process: (sourceText) => ({ code: stripTypeScriptTypes(sourceText) }),
  processAsync: async (sourceText) => ({ code: stripTypeScriptTypes(sourceText) }),
};
