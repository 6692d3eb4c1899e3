// Starts a control plane, says where it is, and waits to be killed: for the test that nothing stays behind.
import { ControlPlane } from './control-plane.ts';

const plane = await ControlPlane.start(process.env['FEATURESEAL_CLUSTER_BIN'] ?? '');
process.stdout.write(`${JSON.stringify({ url: plane.url, folder: plane.folder })}\n`);
setInterval(() => undefined, 60_000);
