import type { Service } from '@shunt/model';
import type { FieldError } from '../field-error.js';
import { validateService } from './validate-service.js';

/** What is wrong with an update, the new object's own problems with it (semantics 7). */
export function validateServiceUpdate(service: Service, _stored: Service): FieldError[] {
  return validateService(service);
}
