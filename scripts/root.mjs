import { fileURLToPath } from 'node:url';

/** The absolute path of a file of the repository, whatever the working directory is. */
export function fromRoot(path) {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}
