export { RandomIdSource } from './random.id-source.js';
export { SystemClock } from './system.clock.js';
