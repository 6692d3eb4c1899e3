import { z } from 'zod';
import { FeaturesealError } from '../../error.ts';
import { parseFrame } from '../../feature/parse.ts';
import { ApiStatusError } from '../../kube/status.ts';
import { readObject } from '../../kube/objects.ts';
import { nodeFeaturesIn } from '../../kube/resources.ts';
import { isObject, ownMember } from '../../feature/guard.ts';
import { apiVersion, kind, nodeNameLabel } from '../../feature/node-feature.ts';
import { canonicalBytes } from '../../feature/payload.ts';
import { sealAnnotation } from '../../seal/header.ts';
import { failed, notChecked, ok, type Check, type Finding } from './check.ts';

const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nodefeatures.nfd.k8s-sigs.io';
const crdShape = z.object({
  spec: z.object({
    versions: z.array(
      z.object({
        name: z.string(),
        served: z.boolean(),
        schema: z.object({ openAPIV3Schema: z.unknown() }).optional(),
      }),
    ),
  }),
  status: z
    .object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) })
    .prefault({}),
});

/** Fields that a sealed NodeFeature needs; one that a schema lacks is dropped in silence, and the seal fails. */
const neededFields = ['features.flags', 'features.attributes', 'features.instances', 'labels'];
const applyAdvice = 'kubectl apply -k deploy/base/crd';

/** The CRD is there, served, and knows every field. */
export const definitions: Check = {
  name: 'crds',
  about:
    'The CRD of NodeFeature is installed, served, and has every field: one that it lacks is dropped in silence.',
  needsCluster: true,
  async look({ api, context: { signal } }) {
    const crd = await readObject(api, crdPath, crdShape, signal);
    if (crd === undefined) return failed('the CRD of NodeFeature is not installed', applyAdvice);
    const version = crd.spec.versions.find(({ name }) => apiVersion.endsWith(`/${name}`));
    const isEstablished = crd.status.conditions.some(
      ({ type, status }) => type === 'Established' && status === 'True',
    );
    if (version?.served !== true || !isEstablished) {
      return failed(`the CRD of NodeFeature does not serve ${apiVersion}`, applyAdvice);
    }
    const spec = propertyOf(version.schema?.openAPIV3Schema, 'spec');
    const lacking = neededFields.filter((path) => !knows(spec, path.split('.')));
    if (lacking.length > 0) {
      return failed(
        `the CRD of NodeFeature lacks ${lacking.map((path) => `spec.${path}`).join(', ')}`,
        applyAdvice,
      );
    }
    return ok('NodeFeature is installed with every field');
  },
};

/** A NodeFeature with every kind of field: what a server stores of it must be what was sent. */
function sample(namespace: string): unknown {
  const elements = { value: 'x' };
  return {
    apiVersion,
    kind,
    metadata: {
      name: 'featureseal-doctor',
      namespace,
      labels: { [nodeNameLabel]: 'featureseal-doctor' },
      annotations: { [sealAnnotation]: 'eyJ9..AA' },
    },
    spec: {
      features: {
        flags: { 'doctor.flags': { elements: { FLAG: {} } } },
        attributes: { 'doctor.attributes': { elements } },
        instances: { 'doctor.instances': { elements: [{ attributes: elements }] } },
      },
      labels: { 'doctor-label': 'true' },
    },
  };
}

/** Asks the server to store one without storing it: what webhooks and schema do to it shows (code `mutated`). */
export const sealSurvives: Check = {
  name: 'seal-survives',
  about: 'A dry run of creating a NodeFeature gives back what was sent: no webhook changes it.',
  needsCluster: true,
  async look({ api, namespace, context: { signal } }): Promise<Finding> {
    const sent = sample(await namespace());
    const { path } = nodeFeaturesIn(await namespace());
    const query = { dryRun: 'All', fieldValidation: 'Strict' };
    try {
      const { json } = await api.request({ method: 'POST', path, query, body: sent, signal });
      if (isSame(sent, json)) return ok('the API server stores a sealed NodeFeature unchanged (dry run)');
      return failed(
        'the API server stores something else than is sent: no seal would verify (mutated)',
        `look for mutating webhooks on nodefeatures; ${applyAdvice}`,
      );
    } catch (thrown) {
      if (!(thrown instanceof ApiStatusError) || thrown.status === 403) throw thrown;
      if (thrown.status === 404) return notChecked(`there is no CRD, or no namespace ${await namespace()}`);
      if (thrown.message.includes('dry run')) return notChecked(thrown.message);
      return failed(`the API server refuses a NodeFeature: ${thrown.message}`, applyAdvice);
    }
  },
};

function isSame(sent: unknown, stored: unknown): boolean {
  const covered = { labels: [nodeNameLabel], annotations: [] };
  try {
    const [before, after] = [sent, stored].map((each) => Buffer.from(canonicalBytes(each, covered)));
    const seals = [sent, stored].map((each) => ownMember(parseFrame(each).annotations, sealAnnotation));
    return before !== undefined && after !== undefined && before.equals(after) && seals[0] === seals[1];
  } catch (thrown) {
    // A field that is gone, or a value of another type.
    if (thrown instanceof FeaturesealError) return false;
    throw thrown;
  }
}

function propertyOf(schema: unknown, name: string): unknown {
  const properties = isObject(schema) ? ownMember(schema, 'properties') : undefined;
  return isObject(properties) ? ownMember(properties, name) : undefined;
}

/** A schema may also keep what it does not know. */
function knows(schema: unknown, [name, ...rest]: readonly string[]): boolean {
  if (isObject(schema) && ownMember(schema, 'x-kubernetes-preserve-unknown-fields') === true) return true;
  if (name === undefined) return schema !== undefined;
  return knows(propertyOf(schema, name), rest);
}
