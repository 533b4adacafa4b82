// A provider that answers at once: counts its calls, says so at GET /count. Prints its port.
import { createServer } from 'node:http';

let calls = 0;
const answer = Buffer.from(JSON.stringify({ decision: 'ALLOW', score: 12, reference: 'r-0001' }));
const headers = { 'content-type': 'application/json', 'content-length': answer.length };

createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(String(calls));
    return;
  }
  request.resume();
  request.on('end', () => {
    calls += 1;
    response.writeHead(200, headers).end(answer);
  });
}).listen(0, '127.0.0.1', function listening() {
  console.log(this.address().port);
});
