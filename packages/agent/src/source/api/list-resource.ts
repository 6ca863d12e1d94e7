import { type ApiClient, ApiError } from './api-client.js';
import type { ApiResource } from './resources.js';

/** All objects of a kind at one moment. */
export interface Listed {
  readonly items: readonly unknown[];
  /** Where a watch goes on. */
  readonly resourceVersion: string;
}

interface ListPage {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly object[] | null;
}

const PAGE_SIZE = 500;

/**
 * Lists a resource page by page. A server that does not have an optional resource has none of it.
 * @throws {ApiError} what the server answers instead
 */
export async function listResource(
  client: ApiClient,
  resource: ApiResource,
  signal: AbortSignal,
): Promise<Listed> {
  const { kind, apiVersion } = resource;
  const items: unknown[] = [];
  let next = '';
  for (;;) {
    const query = resourceQuery(resource);
    query.set('limit', String(PAGE_SIZE));
    if (next !== '') query.set('continue', next);
    const page = (await client.get(`${resource.path}?${query}`, signal)) as ListPage;
    // In a list, only the list itself says what its items are.
    for (const item of page.items ?? []) items.push({ kind, apiVersion, ...item });
    next = page.metadata?.continue ?? '';
    if (next === '') return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
  }
}

export function resourceQuery({ labelSelector, fieldSelector }: ApiResource): URLSearchParams {
  const query = new URLSearchParams();
  if (labelSelector !== undefined) query.set('labelSelector', labelSelector);
  if (fieldSelector !== undefined) query.set('fieldSelector', fieldSelector);
  return query;
}

/** Whether the server says that it does not have the kind at all. */
export function isUnknownKind(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}
