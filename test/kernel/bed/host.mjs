// A host of the bed: answers HTTP and UDP with its name and whom it saw, and asks others as lines of JSON on standard
// input say. Plain JavaScript, since it runs on its own inside a network namespace.
import { createSocket } from 'node:dgram';
import { Agent, createServer, get } from 'node:http';
import { createInterface } from 'node:readline';

const [name, httpPort, echoPort] = process.argv.slice(2);

const seen = (address) => address.replace(/^::ffff:/, '');
const answerTo = (address) => JSON.stringify({ name, from: seen(address) });

const server = createServer((request, response) => response.end(answerTo(request.socket.remoteAddress)));
const echo = createSocket('udp6');
echo.on('message', (_, { address, port }) => echo.send(answerTo(address), port, address));

/** @returns `{ name, from }`, or `{ error }` with the system's word for it, or `silence` */
const http = ({ from, to, port, wait }, agent = false) =>
  new Promise((resolve) => {
    const fail = (error) => resolve({ error: error.code });
    const request = get({ host: to, port, localAddress: from, agent }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => resolve(JSON.parse(body)));
      response.on('error', fail);
    });
    request.on('error', fail);
    setTimeout(() => {
      resolve({ error: 'silence' });
      request.destroy();
    }, wait).unref();
  });

const openUdp = ({ from, to, port }) =>
  new Promise((resolve, reject) => {
    const socket = createSocket(to.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', reject);
    socket.bind({ address: from, exclusive: true }, () => socket.connect(port, to, () => resolve(socket)));
  });

const udp = async (question) => {
  const socket = await openUdp(question);
  return new Promise((resolve) => {
    const end = (answer) => {
      resolve(answer);
      clearTimeout(timer);
      clearInterval(again);
      socket.close();
    };
    const timer = setTimeout(() => end({ error: 'silence' }), question.wait);
    socket.on('message', (message) => end(JSON.parse(message)));
    socket.removeAllListeners('error');
    socket.once('error', (error) => end({ error: error.code }));
    // The first datagrams may get lost while a neighbour's address is asked for.
    const again = setInterval(() => socket.send('x'), question.wait / 4);
    socket.send('x');
  });
};

/** What goes on until it is stopped, by its name. Each ends with the answers in order, and when they came. */
const running = new Map();

const repeat = async (question, ask) => {
  const answers = [];
  let isRunning = true;
  running.set(question.key, () => (isRunning = false));
  while (isRunning) {
    const answer = await ask();
    answers.push({ ...answer, time: performance.timeOrigin + performance.now() });
    await new Promise((resolve) => setTimeout(resolve, question.pause));
  }
  return answers;
};

/** One connection for all requests; it is an error when there must be another one. */
const overOneConnection = async (question) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let connections = 0;
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (...parameters) => {
    connections++;
    return connect(...parameters);
  };
  const answers = await repeat(question, () => http(question, agent));
  agent.destroy();
  return answers.map((answer) => ({ ...answer, connections }));
};

/** One source port for all datagrams. */
const overOneSocket = async (question) => {
  const socket = await openUdp(question);
  let receive = () => {};
  socket.on('message', (message) => receive(JSON.parse(message)));
  socket.removeAllListeners('error');
  socket.on('error', (error) => receive({ error: error.code }));
  const answers = await repeat(
    question,
    () =>
      new Promise((resolve) => {
        receive = resolve;
        setTimeout(() => resolve({ error: 'silence' }), question.wait);
        socket.send('x', (error) => error && resolve({ error: error.code }));
      }),
  );
  socket.close();
  return answers;
};

const DEEDS = {
  http,
  udp,
  newConnections: (question) => repeat(question, () => http(question)),
  oneConnection: overOneConnection,
  oneSocket: overOneSocket,
  stop: async ({ key }) => running.get(key)?.(),
};

server.listen(Number(httpPort), '::', () =>
  echo.bind(Number(echoPort), '::', () => process.stdout.write(`${JSON.stringify({ ready: true })}\n`)),
);
createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { id, deed, ...question } = JSON.parse(line);
    const answer = await DEEDS[deed](question).catch((error) => ({ error: error.code ?? String(error) }));
    process.stdout.write(`${JSON.stringify({ id, answer })}\n`);
  })
  // Whoever started this is gone.
  .on('close', () => process.exit());
