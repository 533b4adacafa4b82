import { v7 } from 'uuid';
import { IdSource } from './id.js';

export class RandomIdSource extends IdSource {
  next(): string {
    return v7();
  }
}
