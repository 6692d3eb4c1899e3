import type { z } from 'zod';
import type { ApiClient } from './api-client.ts';
import { listPages } from './lister.ts';
import { malformed } from './metadata.ts';
import type { Resource } from './resources.ts';

/**
 * One object, as much of it as `shape` says; undefined where there is none.
 *
 * @throws FeaturesealError as ApiClient.request; object-malformed
 */
export async function readObject<T>(
  api: ApiClient,
  path: string,
  shape: z.ZodType<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const { status, json } = await api.request({ path, signal, expect: [404] });
  return status === 404 ? undefined : parsed(json, shape, path);
}

/**
 * All objects of a collection, as much of each as `shape` says.
 *
 * @throws FeaturesealError as ApiClient.request; object-malformed
 */
export async function listObjects<T>(
  api: ApiClient,
  resource: Resource,
  shape: z.ZodType<T>,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const objects: T[] = [];
  for await (const { items } of listPages(api, resource, signal)) {
    objects.push(...items.map((item) => parsed(item, shape, resource.path)));
  }
  return objects;
}

function parsed<T>(object: unknown, shape: z.ZodType<T>, path: string): T {
  const result = shape.safeParse(object);
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.join('.') ?? '';
  throw malformed(`an object of ${path} with something else than expected at ${where}`);
}
