// The yardstick: the same HTTP in, the same five HTTP calls out, six group-committed fdatasyncs, and nothing else.
// Arguments: provider port, directory. Prints its port.
import { fdatasync, open, write } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Pool } from 'undici';

const [providerPort, directory] = process.argv.slice(2);
const provider = new Pool(`http://127.0.0.1:${providerPort}`, { connections: 256 });
const file = await promisify(open)(join(directory, 'bare.log'), 'a');
const writeSoon = promisify(write);
const syncSoon = promisify(fdatasync);

let waiting = [];
let committing = false;

/** Resolves once the record is on disk; records that arrive meanwhile share the next fdatasync. */
function record(text) {
  return new Promise((resolve, reject) => {
    waiting.push({ text, resolve, reject });
    if (!committing) void commit();
  });
}

async function commit() {
  committing = true;
  while (waiting.length > 0) {
    const batch = waiting;
    waiting = [];
    try {
      await writeSoon(file, batch.map((one) => one.text).join('\n') + '\n');
      await syncSoon(file);
      for (const one of batch) one.resolve();
    } catch (error) {
      for (const one of batch) one.reject(error);
    }
  }
  committing = false;
}

async function call(body) {
  const answer = await provider.request({
    method: 'POST',
    path: '/check',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return answer.body.json();
}

async function run(input) {
  await record(JSON.stringify({ type: 'started', input }));
  let output;
  for (let step = 1; step <= 5; step += 1) {
    output = await call(JSON.stringify(input.inputData));
    await record(JSON.stringify({ type: 'completed', step, output }));
  }
  return output;
}

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    const output = await run(JSON.parse(Buffer.concat(chunks).toString()));
    const body = JSON.stringify({ status: 'completed', finalOutput: output });
    response.writeHead(201, { 'content-type': 'application/json' }).end(body);
  });
}).listen(0, '127.0.0.1', function listening() {
  console.log(this.address().port);
});
