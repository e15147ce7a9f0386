// SPDX-License-Identifier: Apache-2.0
// Which sanitizer a test runs under: FGX_ADDRESS_SANITIZED, FGX_THREAD_SANITIZED, and FGX_SANITIZED for any.
// They bring an allocator of their own, and keep pages mapped that were given back.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define FGX_ADDRESS_SANITIZED 1
#endif
#if defined(__SANITIZE_THREAD__)
#define FGX_THREAD_SANITIZED 1
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FGX_ADDRESS_SANITIZED 1
#endif
#if __has_feature(thread_sanitizer)
#define FGX_THREAD_SANITIZED 1
#endif
#endif
#if defined(FGX_ADDRESS_SANITIZED) || defined(FGX_THREAD_SANITIZED)
#define FGX_SANITIZED 1
#endif
