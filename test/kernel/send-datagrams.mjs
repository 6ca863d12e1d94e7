// Sends one UDP datagram for each [source, sourcePort, destination, port] of the JSON array on standard
// input. Plain JavaScript, since it runs on its own inside a network namespace.
import { createSocket } from 'node:dgram';
import { text } from 'node:stream/consumers';

const send = (source, sourcePort, destination, port) =>
  new Promise((resolve, reject) => {
    const socket = createSocket(source.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', reject);
    socket.bind({ address: source, port: sourcePort, exclusive: true }, () => {
      socket.send('x', port, destination, (error) => {
        socket.close();
        if (error) reject(error);
        else resolve();
      });
    });
  });

for (const flow of JSON.parse(await text(process.stdin))) await send(...flow);
