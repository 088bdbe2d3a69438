import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LostAnswers {
  readonly url: string;
  close(): void;
}

/** A way to a gateway's HTTP port on which every order arrives and no answer to one comes back. */
export async function startLosingAnswers(httpPort: number): Promise<LostAnswers> {
  const server = createServer((incoming, reply) => {
    const { method, url: path, headers } = incoming;
    const onward = request({ host: '127.0.0.1', port: httpPort, method, path, headers });
    onward.once('response', (answer: IncomingMessage) => {
      if (method === 'POST') reply.destroy();
      else answer.pipe(reply.writeHead(answer.statusCode ?? 0, answer.headers));
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() };
}
