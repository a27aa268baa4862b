// Layer normalisation of each row, and its gradient and R-operator.
//   n = (s - mean(s)) / sigma,  a = n * gain + shift,  sigma = sqrt(variance(s) + 1e-5), variance with divisor O
//   planes [R x O] dense row-major; gain, shift and their derivatives [O]; inverse [R] = 1 / sigma
// Source: Ba, Kiros, Hinton 2016, arXiv:1607.06450; the derivatives are worked out beside the code.
#pragma once

#include <cstddef>

namespace oddshot::nets {

// s and a may be the same plane.
template <class T>
void layer_norm(std::size_t rows, std::size_t cols, const T* s, const T* gain, const T* shift, T* normalised, T* inverse, T* a);

// From d_a = dloss/da: d_gain, d_shift (overwritten) and d_s.
template <class T>
void layer_norm_backward(std::size_t rows, std::size_t cols, const T* normalised, const T* inverse, const T* gain, const T* d_a, T* d_gain,
                         T* d_shift, T* d_s);

// Tangents t_*: of n, 1 / sigma and a, from those of s, gain and shift. t_s and t_a may be the same plane.
template <class T>
void layer_norm_tangent(std::size_t rows, std::size_t cols, const T* normalised, const T* inverse, const T* gain, const T* t_gain,
                        const T* t_shift, const T* t_s, T* t_normalised, T* t_inverse, T* t_a);

// Tangents of layer_norm_backward's results, from that of d_a.
template <class T>
void layer_norm_tangent_backward(std::size_t rows, std::size_t cols, const T* normalised, const T* inverse, const T* gain, const T* t_gain,
                                 const T* d_a, const T* t_normalised, const T* t_inverse, const T* t_d_a, T* t_d_gain, T* t_d_shift,
                                 T* t_d_s);

}  // namespace oddshot::nets
