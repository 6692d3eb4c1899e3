import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discoverWith } from 'featureseal/plugin-test';
import createFpga from './index.js';

const two = {
  '/sys/class/fpga_manager/fpga0/name': 'Xilinx Zynq FPGA Manager\n',
  '/sys/class/fpga_manager/fpga0/state': 'operating\n',
  '/sys/class/fpga_manager/fpga1': { link: '../../devices/soc/fpga1' },
  '/sys/devices/soc/fpga1/state': 'write error\n',
};

test('tells of every manager, and how many there are', async () => {
  const { features, labels } = await discoverWith(createFpga(), { host: two });
  assert.deepEqual(features.instances['fpga.manager'], {
    elements: [
      { attributes: { name: 'fpga0', model: 'Xilinx Zynq FPGA Manager', state: 'operating' } },
      { attributes: { name: 'fpga1', state: 'write error' } },
    ],
  });
  assert.deepEqual(labels, {
    'feature.node.kubernetes.io/fpga-count': '2',
    'feature.node.kubernetes.io/fpga-ready': 'true',
  });
});

test('leaves out what cannot be read, and says which', async () => {
  const { labels, log } = await discoverWith(createFpga(), {
    host: { ...two, '/sys/class/fpga_manager/fpga0/state': '\u0001\n' },
  });
  assert.deepEqual(labels, { 'feature.node.kubernetes.io/fpga-count': '1' });
  assert.equal(log[0]?.fields['device'], 'fpga0');
});

test('finds nothing on a host without FPGAs', async () => {
  const { labels } = await discoverWith(createFpga(), { host: {} });
  assert.deepEqual(labels, {});
});
