// One end of a unix socket that lies in another network: relay.ts SOCKET HOST PORT. The Workload API is for one host and no
// network; here it stands for an agent that has to ask the cloud for everything.
import { createServer, connect } from 'node:net';
import { tie } from './tie.ts';

const [socket = '', host = '', port = ''] = process.argv.slice(2);
createServer((near) => tie(near, connect(Number(port), host))).listen(socket);
