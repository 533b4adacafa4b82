// The command behind npm run bootstrap, from the build.
import { bootstrap } from '../dist/apps/server/src/bootstrap.worker.js';

process.exitCode = await bootstrap(process.env, (line) => console.log(line));
