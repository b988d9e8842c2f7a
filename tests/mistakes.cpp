// mistakes buffer|vector TEXT - writes TEXT into a buffer or a vector of eight characters. A test
// checks which protection stops it.
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

int main(int argc, char* argv[]) {
    if (argc != 3)
        return 2;
    const std::string kind = argv[1], text = argv[2];
    char buffer[8] = {};
    std::vector<char> vector(sizeof buffer);
    if (kind == "buffer")
        std::memcpy(buffer, text.data(), text.size());
    else
        for (std::size_t i = 0; i < text.size(); ++i)
            vector[i] = text[i];
    std::cout << "Nobody stops it: " << buffer[0] << vector[0] << '\n';
}
