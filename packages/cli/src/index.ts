export { EXIT, type Io, type TextOutput } from './io.js';
export { main } from './shunt.js';
