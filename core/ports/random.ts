/** Uniform draws in [0, 1). */
export interface Random {
  next(): number;
}
