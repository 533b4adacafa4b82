import type { Authentication } from './authentication.js';
import type { BuiltRequest } from './request-builder.js';

/** The request with static credentials where they belong. */
export function authorized(
  request: BuiltRequest,
  authentication: Exclude<Authentication, { readonly kind: 'oidc' }>,
): BuiltRequest {
  switch (authentication.kind) {
    case 'none':
      return request;
    case 'header': {
      const headers = { ...request.headers, [authentication.name.toLowerCase()]: authentication.value };
      return { ...request, headers };
    }
    case 'query': {
      const url = new URL(request.url);
      url.searchParams.set(authentication.name, authentication.value);
      return { ...request, url };
    }
  }
}
