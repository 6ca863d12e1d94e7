import { describe, expect, it } from 'vitest';
import { ReaderEpochs, ReaderStalledError } from './reader-epochs.js';

const options = { readers: 2, spins: 10 };

function epochs(): ReaderEpochs {
  return new ReaderEpochs(new Uint32Array(ReaderEpochs.regionWords(options)), options);
}

describe('a writer', () => {
  it('does not wait for readers between two batches', () => {
    const readers = epochs();
    const reader = readers.reader(0);
    readers.waitForAll();
    reader.begin();
    reader.end();
    readers.waitForAll();
  });

  it('waits for a reader that is in a batch', () => {
    const readers = epochs();
    readers.reader(1).begin();
    expect(() => readers.waitForAll()).toThrow(new ReaderStalledError(1));
  });

  it('waits only for batches that began before a generation', () => {
    const readers = epochs();
    const reader = readers.reader(0);
    readers.enter(4);
    reader.begin();
    readers.enter(5);
    readers.waitForGeneration(4);
    expect(() => readers.waitForGeneration(5)).toThrow('reader 0 has not ended its batch');
    reader.end();
    reader.begin();
    readers.waitForGeneration(5);
  });

  it('waits for the outermost of batches within each other', () => {
    const readers = epochs();
    const reader = readers.reader(0);
    reader.begin();
    reader.begin();
    reader.end();
    expect(() => readers.waitForAll()).toThrow(ReaderStalledError);
    reader.end();
    readers.waitForAll();
  });

  it('does not wait for a reader that is given up', () => {
    const readers = epochs();
    readers.reader(0).begin();
    readers.release(0);
    readers.waitForAll();
  });
});

it('refuses what cannot be', () => {
  expect(() => ReaderEpochs.regionWords({ readers: -1 })).toThrow(
    '"readers" expected an integer from 0, got -1',
  );
  expect(() => new ReaderEpochs(new Uint32Array(16), options)).toThrow('"words" expected 48, got 16');
  expect(() => epochs().reader(2)).toThrow('"number" expected one of 2 readers, got 2');
});
