/** An expected failure as it crosses a process: `code` is an error code or a rule ID and an i18n key; `detail` is for support, never a secret. */
export type Failure = { code: string; detail: string }

export type Result<T> = { ok: true; value: T } | { ok: false; error: Failure }
