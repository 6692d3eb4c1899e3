import { dirname, join } from 'node:path/posix';
import ts from 'typescript';

/** Source texts by their path in the repository. */
export type Sources = ReadonlyMap<string, string>;

/** What every file may import: the bottom. */
const bottom = ['src/error.ts', 'src/error-codes.ts', 'src/crypto.ts'];

const low = ['feature', 'spiffe', 'port', 'runtime'];
const middle = [...low, 'plugin', 'seal', 'rule', 'kube'];
const upper = [...middle, 'worker', 'master', 'identity', 'memory'];

/** Which folders of src a folder of src may import, besides itself and the bottom. Down only. */
const allowedFolders: Readonly<Record<string, readonly string[]>> = {
  feature: [],
  spiffe: [],
  port: ['feature', 'spiffe'],
  runtime: ['port'],
  plugin: low,
  seal: low,
  rule: low,
  kube: low,
  worker: middle,
  master: middle,
  identity: middle,
  memory: middle,
  // Arithmetic alone.
  ttl: [],
  cli: [...upper, 'ttl'],
  // src/index.ts, the library.
  '': middle,
};

/** Packages that one part of the code wraps for all others. */
const onlyImporters: readonly { readonly packages: RegExp; readonly importers: RegExp }[] = [
  { packages: /^(@grpc\/|@peculiar\/|reflect-metadata$)/, importers: /^src\/(spiffe|identity)\// },
  { packages: /^@kubernetes\/client-node$/, importers: /^src\/kube\// },
  { packages: /^(pino|prom-client)$/, importers: /^src\/runtime\// },
  { packages: /^commander$/, importers: /^src\/cli\// },
  { packages: /^systeminformation$/, importers: /^(plugins\/|src\/cli\/host-summary\.ts$)/ },
];

/** Siblings that share leaves but never reach each other, by whatever way. */
const strangers: readonly (readonly [RegExp, RegExp])[] = [
  [/^src\/seal\/sign/, /^src\/seal\/verify/],
  [/^src\/worker\//, /^src\/master\//],
];

interface Import {
  readonly from: string;
  /** A path in the repository, or the name of a package. */
  readonly to: string;
  readonly isFile: boolean;
}

/** Every import that breaks a rule, in words. */
export function violations(sources: Sources): string[] {
  const imports = [...sources].flatMap(([path, text]) => importsOf(path, text));
  return [
    ...imports
      .filter((each) => each.isFile && !isDown(each))
      .map(({ from, to }) => `${from} must not import ${to}`),
    ...imports
      .filter((each) => !each.isFile && isForeign(each))
      .map(({ from, to }) => `${from} must not import ${to}`),
    ...strangersThatMeet(imports),
    ...lateReflection(sources),
  ];
}

function importsOf(from: string, text: string): Import[] {
  return ts.preProcessFile(text).importedFiles.map(({ fileName }) => {
    const isFile = fileName.startsWith('.');
    return { from, to: isFile ? join(dirname(from), fileName) : fileName, isFile };
  });
}

function isDown({ from, to }: Import): boolean {
  if (from.startsWith('plugins/')) return pluginOf(from) === pluginOf(to) || to.startsWith('src/plugin/');
  if (bottom.includes(from) || !to.startsWith('src/')) return bottom.includes(from) && bottom.includes(to);
  const [source, target] = [folderOf(from), folderOf(to)];
  return (
    bottom.includes(to) ||
    (source !== '' && source === target) ||
    (allowedFolders[source]?.includes(target) ?? false)
  );
}

function pluginOf(path: string): string | undefined {
  return /^plugins\/[^/]+\//.exec(path)?.[0];
}

/** The folder right under src; empty for a file right under src. */
function folderOf(path: string): string {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? '';
}

function isForeign({ from, to }: Import): boolean {
  return onlyImporters.some(({ packages, importers }) => packages.test(to) && !importers.test(from));
}

function strangersThatMeet(imports: readonly Import[]): string[] {
  const files = [...new Set(imports.map(({ from }) => from))];
  return strangers
    .flatMap(([left, right]) => [[left, right] as const, [right, left] as const])
    .flatMap(([from, to]) =>
      files
        .filter((file) => from.test(file))
        .flatMap((file) =>
          [...reachable(file, imports)]
            .filter((path) => to.test(path))
            .map((path) => `${file} reaches ${path}`),
        ),
    );
}

function reachable(start: string, imports: readonly Import[], seen = new Set<string>()): Set<string> {
  for (const { from, to } of imports) {
    if (from !== start || seen.has(to)) continue;
    seen.add(to);
    reachable(to, imports, seen);
  }
  return seen;
}

/** @peculiar/x509 throws while it is loaded where reflect-metadata was not loaded before it. */
function lateReflection(sources: Sources): string[] {
  return [...sources]
    .filter(([, text]) => {
      const order = ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
      const user = order.indexOf('@peculiar/x509');
      const polyfill = order.indexOf('reflect-metadata');
      return user >= 0 && (polyfill < 0 || polyfill > user);
    })
    .map(([path]) => `${path} must import reflect-metadata before @peculiar/x509`);
}
