import type { ServiceSpec } from '@shunt/model';
import { type FieldError, forbidden, invalid, notSupported, required } from '../field-error.js';

const AFFINITIES: readonly string[] = ['ClientIP', 'None'];
/** A day. */
const MAX_SECONDS = 86400;

/** What is wrong with session affinity and its settings (semantics 6.14). Source: pkg/apis/core/validation. */
export function validateSessionAffinity({
  sessionAffinity,
  sessionAffinityConfig: config,
}: ServiceSpec): FieldError[] {
  const field = 'spec.sessionAffinityConfig';
  if (!sessionAffinity) return [required('spec.sessionAffinity', `must be one of ${AFFINITIES.join(', ')}`)];
  if (sessionAffinity === 'ClientIP') {
    const needed = 'when session affinity type is ClientIP';
    if (config === undefined) return [required(field, needed)];
    if (config.clientIP === undefined) return [required(`${field}.clientIP`, needed)];
    const { timeoutSeconds } = config.clientIP;
    if (timeoutSeconds === undefined) return [required(`${field}.clientIP.timeoutSeconds`, needed)];
    if (timeoutSeconds >= 1 && timeoutSeconds <= MAX_SECONDS) return [];
    const detail = `must be greater than 0 and less than ${MAX_SECONDS}`;
    return [invalid(`${field}.clientIP.timeoutSeconds`, timeoutSeconds, detail)];
  }
  if (!AFFINITIES.includes(sessionAffinity)) {
    return [notSupported('spec.sessionAffinity', sessionAffinity, AFFINITIES)];
  }
  return config === undefined ? [] : [forbidden(field, 'must not be set when session affinity is None')];
}
