import { describe, expect, test } from '@jest/globals';
import type { NodeView } from '../../../src/port/node-store.ts';
import { planNode, type Desired } from '../../../src/rule/node-plan.ts';

const tracking = 'nfd.node.kubernetes.io/feature-labels';
const a = 'feature.node.kubernetes.io/a';
const b = 'feature.node.kubernetes.io/b';

function node(labels: Record<string, string>, annotations: Record<string, string> = {}): NodeView {
  const byNfdMaster = { labels: new Set<string>(), annotations: new Set<string>() };
  const common = { name: 'node-a', uid: 'u', resourceVersion: '1', created: new Date(0), byNfdMaster };
  return { ...common, labels, annotations };
}

function plan(view: NodeView, labels: Record<string, string>, rest: Partial<Desired> = {}) {
  return planNode(view, {
    labels: new Map(Object.entries(labels)),
    annotations: {},
    addOnly: false,
    ...rest,
  });
}

describe('planNode', () => {
  test('adds, changes and removes in one patch, with the tracking annotation', () => {
    const view = node({ [a]: 'old', [b]: 'x', other: 'y' }, { [tracking]: 'a,b' });
    expect(plan(view, { [a]: 'new', 'vendor.example/c': '1' })).toEqual({
      patch: {
        labels: { [a]: 'new', [b]: null, 'vendor.example/c': '1' },
        annotations: { [tracking]: 'a,vendor.example/c' },
      },
      dropped: [],
    });
  });

  test('writes nothing where all is as it should be', () => {
    const view = node({ [a]: '1' }, { [tracking]: 'a', mark: 'm' });
    expect(plan(view, { [a]: '1' }, { annotations: { mark: 'm', gone: null } })).toEqual({
      patch: undefined,
      dropped: [],
    });
    expect(plan(node({ x: 'y' }), {})).toEqual({ patch: undefined, dropped: [] });
  });

  test('labels and other annotations go together', () => {
    const { patch } = plan(node({}), { [a]: '1' }, { annotations: { mark: 'm' } });
    expect(patch).toEqual({ labels: { [a]: '1' }, annotations: { mark: 'm', [tracking]: 'a' } });
  });

  test('the annotation goes with the last label', () => {
    const { patch } = plan(node({ [a]: '1' }, { [tracking]: 'a' }), {});
    expect(patch).toEqual({ labels: { [a]: null }, annotations: { [tracking]: null } });
  });

  test('leaves a key alone that is there and tracked by nobody, and says so where it differs', () => {
    expect(plan(node({ [a]: 'theirs' }), { [a]: 'ours', [b]: '1' })).toEqual({
      patch: { labels: { [b]: '1' }, annotations: { [tracking]: 'b' } },
      dropped: [{ key: a, reason: 'the node has it already, set by someone else' }],
    });
    expect(plan(node({ [a]: 'same' }), { [a]: 'same' })).toEqual({ patch: undefined, dropped: [] });
  });

  test('drops illegal and reserved labels one by one', () => {
    const wanted = { [a]: '1', 'node-role.kubernetes.io/control-plane': '', 'vendor.example/x': 'a b' };
    const { patch, dropped } = plan(node({}), wanted);
    expect(patch?.labels).toEqual({ [a]: '1' });
    expect(dropped.map(({ key }) => key)).toEqual([
      'node-role.kubernetes.io/control-plane',
      'vendor.example/x',
    ]);
  });

  test('a tracking annotation that names labels of others makes them no loss', () => {
    const labels = { 'kubernetes.io/hostname': 'x', 'node-role.kubernetes.io/control-plane': '' };
    const view = node(labels, { [tracking]: 'kubernetes.io/hostname,node-role.kubernetes.io/control-plane' });
    expect(plan(view, {}).patch).toEqual({ labels: {}, annotations: { [tracking]: null } });
  });

  test('a key that is tracked and gone already is not removed again', () => {
    expect(plan(node({}, { [tracking]: 'a' }), {}).patch).toEqual({
      labels: {},
      annotations: { [tracking]: null },
    });
  });

  test('add only: nothing that is there changes or goes, what is missing comes', () => {
    const view = node({ [a]: 'old' }, { [tracking]: 'a,b' });
    expect(plan(view, { [a]: 'new', 'vendor.example/c': '1' }, { addOnly: true })).toEqual({
      patch: { labels: { 'vendor.example/c': '1' }, annotations: { [tracking]: 'a,b,vendor.example/c' } },
      dropped: [],
    });
    expect(plan(node({ [a]: '1' }, { [tracking]: 'a' }), {}, { addOnly: true }).patch).toBeUndefined();
  });
});
