/** Which of several masters may write. */
export interface Leadership {
  isLeader(): boolean;
  /** Calls back after every change. Returns the way to stop. */
  onChange(listener: () => void): () => void;
}

/** For a master that is alone. */
export const soleLeader: Leadership = { isLeader: () => true, onChange: () => () => undefined };
