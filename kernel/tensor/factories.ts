/** The functions of `Tensor` that make tensors, by the names PyTorch's users know. */
import { Tensor } from './tensor';

export const tensor = Tensor.tensor.bind(Tensor);
export const zeros = Tensor.zeros.bind(Tensor);
export const ones = Tensor.ones.bind(Tensor);
export const full = Tensor.full.bind(Tensor);
export const eye = Tensor.eye.bind(Tensor);
export const arange = Tensor.arange.bind(Tensor);
export const linspace = Tensor.linspace.bind(Tensor);
export const randn = Tensor.randn.bind(Tensor);
export const rand = Tensor.rand.bind(Tensor);
export const cat = Tensor.cat.bind(Tensor);
export const stack = Tensor.stack.bind(Tensor);
export const where = Tensor.where.bind(Tensor);
