/** "ok", or code and text of what a call fails with. */
export async function statusOfCall(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    return `${String(error.code)} ${error.message.replace(/^\d+ [A-Z_]+: /, "")}`;
  }
}
