// Ends with 0 when the server on this machine is ready, with 1 and the reason when it is not. For container engines.
const url = `http://127.0.0.1:${process.env.PORT ?? 4021}/readyz`;
try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(4000) });
  if (!answer.ok) console.error(await answer.text());
  process.exitCode = answer.ok ? 0 : 1;
} catch (error) {
  console.error(`${url}: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
