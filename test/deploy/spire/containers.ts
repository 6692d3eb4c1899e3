import { podOf, workloads, type Container, type Manifest } from '../manifests.ts';

type Environment = readonly { readonly name: string; readonly value?: string }[];

/** What the environment of a container is by its manifest; undefined where it comes from elsewhere. */
export function variables({ env }: Container): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(((env ?? []) as Environment).map(({ name, value }) => [name, value]));
}

/** The one container of that name. */
export function containerOf(manifests: readonly Manifest[], name: string): Container {
  const found = workloads(manifests)
    .flatMap((each) => podOf(each).containers)
    .find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no container ${name}`);
  return found;
}
